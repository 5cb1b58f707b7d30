-- What was initiated, and what the conversations hold, are the contacts; what ended are those that have ended.
with counts as (
    select
        (select count(*) from {{ ref("contacts") }}) as contacts,
        (select sum(contacts) from {{ ref("contacts_initiated") }}) as initiated,
        (select sum(contacts) from {{ ref("contacts_per_conversation") }}) as of_conversations,
        (select count(*) from {{ ref("contacts") }} where ended_at is not null) as are_over,
        (select sum(contacts) from {{ ref("contacts_ended") }}) as ended
)

select *
from counts
where contacts is distinct from initiated or contacts is distinct from of_conversations or are_over is distinct from ended
