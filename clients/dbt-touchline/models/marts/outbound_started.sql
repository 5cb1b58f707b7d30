-- How many OUTBOUND contacts were started within a given time period?
select day, channel, sum(contacts) as contacts
from {{ ref("contacts_initiated") }}
where direction = 'OUTBOUND'
group by all
