-- SLA attainment, your own way: see the variables `sla_...`.
select
    {% for column in var("sla_by") %} {{ column }}, {% endfor %}
    count(*) as contacts,
    count(*) filter (where attained) as attained,
    count(*) filter (where attained) / count(*) as attainment
from {{ ref("sla_contacts") }}
group by all
