-- Whether each contact kept the service level as the variables define it. Contacts that are still open are not judged.
{% set measure = var("sla_measure") %}
{% if measure not in ("answered", "fulfilled", "due") %}
    {{ exceptions.raise_compiler_error("sla_measure must be answered, fulfilled or due, not " ~ measure) }}
{% endif %}
{% if var("sla_base") not in ("reached", "all") %}
    {{ exceptions.raise_compiler_error("sla_base must be reached or all, not " ~ var("sla_base")) }}
{% endif %}
with judged as (
    select
        *,
        {{ "first_accepted_at" if measure == "answered" else "fulfilled_at" }} as reached_at,
        case
            -- Keeps the expression whole when no channel has a time of its own.
            when channel is null then {{ var("sla_seconds") }}
            {% for channel, seconds in var("sla_seconds_by_channel").items() %}
            when channel = '{{ channel }}' then {{ seconds }}
            {% endfor %}
            else {{ var("sla_seconds") }}
        end as allowed_seconds
    from {{ ref("contacts") }}
    where ended_at is not null
        {% if var("sla_direction") != "any" %} and direction = '{{ var("sla_direction") }}' {% endif %}
        and not (
            status = 'ABANDONED' and epoch_ms(ended_at - created_at) < 1000 * {{ var("sla_short_abandon_seconds") }}
        )
)

select
    contact_id, created_day, channel, inbox_id, direction, reached_at, allowed_seconds,
    {% if measure == "due" %}
    coalesce(within_sla, false)
    {% else %}
    coalesce(epoch_ms(reached_at - created_at) <= 1000 * allowed_seconds, false)
    {% endif %} as attained
from judged
where true
    {% if var("sla_base") == "reached" %} and reached_at is not null {% endif %}
    -- Reached without a due date: nothing to be judged by.
    {% if measure == "due" %} and not (reached_at is not null and within_sla is null) {% endif %}
