-- How many contacts ended within a given time period?
select ended_day as day, channel, direction, status, count(*) as contacts
from {{ ref("contacts") }}
where ended_at is not null
group by all
