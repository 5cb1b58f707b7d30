-- A row a contact.
select
    contact_id,
    any_value(customer_id) as customer_id,
    any_value(conversation_id) as conversation_id,
    any_value(inbox_id) as inbox_id,
    any_value(channel) as channel,
    any_value(direction) as direction,
    min(created_at) as created_at,
    {{ day_of("min(created_at)") }} as created_day,
    min(agent_accepted_at) as first_accepted_at,
    min(fulfilled_at) as fulfilled_at,
    max(ended_at) as ended_at,
    {{ day_of("max(ended_at)") }} as ended_day,
    any_value(status) as status,
    bool_and(within_sla) as within_sla,
    count(distinct agent_id) as agents,
    sum(handle_seconds) as handle_seconds,
    sum(after_contact_seconds) as after_contact_seconds,
    sum(unknown_seconds) as unknown_seconds
from {{ ref("stg_work_sessions") }}
group by contact_id
