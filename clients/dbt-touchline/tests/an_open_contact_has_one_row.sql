-- A contact is open or it has ended: never rows of both kinds, and one row while it is open.
select contact_id
from {{ ref("stg_work_sessions") }}
group by contact_id
having count(*) filter (where ended_at is null) > 0 and count(*) > 1
