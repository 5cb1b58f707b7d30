-- How many contacts were initiated within a given time period?
select created_day as day, channel, direction, count(*) as contacts
from {{ ref("contacts") }}
group by all
