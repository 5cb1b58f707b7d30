-- What was the average speed of answer? From the start of an inbound contact to the first agent who accepted it; who accepted is
-- known once the contact has ended.
select
    created_day as day,
    channel,
    inbox_id,
    count(*) as answered,
    avg(epoch_ms(first_accepted_at - created_at)) / 1000 as average_speed_of_answer_seconds,
    max(epoch_ms(first_accepted_at - created_at)) / 1000 as longest_wait_seconds
from {{ ref("contacts") }}
where direction = 'INBOUND' and first_accepted_at is not null
group by all
