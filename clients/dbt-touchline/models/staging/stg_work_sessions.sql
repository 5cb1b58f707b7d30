-- Work sessions as they are now. Loaders that only UPSERT keep the row from when a contact was open; it does not hold any more.
{% set loaded = source("touchline", "work_sessions") %}
select
    nullif(id, '') as id,
    contact_id,
    {{ utc(loaded, "created_at") }} as created_at,
    customer_id,
    conversation_id,
    inbox_id,
    channel,
    direction,
    {{ utc(loaded, "agent_accepted_at") }} as agent_accepted_at,
    {{ utc(loaded, "routed_at") }} as routed_at,
    agent_id,
    {{ utc(loaded, "fulfilled_at") }} as fulfilled_at,
    {{ utc(loaded, "ended_at") }} as ended_at,
    status,
    within_sla,
    cast(handle_seconds as double) as handle_seconds,
    cast(after_contact_seconds as double) as after_contact_seconds,
    cast(unknown_seconds as double) as unknown_seconds,
    accepted_inbox_id
from {{ loaded }}
where contact_id not in (select contact_id from {{ ref("stg_erased_contacts") }})
{{ newest_of_contact(loaded) }}
