select contact_id
from {{ ref("contacts") }}
inner join {{ ref("stg_erased_contacts") }} using (contact_id)
