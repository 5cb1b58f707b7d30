-- Contacts that were erased on the server, and must not be counted here either.
select distinct id as contact_id
from {{ source("touchline", "changes") }}
where kind = 'contact' and op = 'delete'
