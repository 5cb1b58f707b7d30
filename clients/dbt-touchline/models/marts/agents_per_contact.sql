-- How many agents worked on a given contact? Known once it has ended.
select contact_id, agents, handle_seconds
from {{ ref("contacts") }}
where ended_at is not null
