-- How many contacts were associated with a conversation?
select conversation_id, count(*) as contacts, min(created_at) as first_contact_at, max(created_at) as last_contact_at
from {{ ref("contacts") }}
group by conversation_id
