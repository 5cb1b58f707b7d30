{# A time as a timestamp without zone, in UTC, whatever the loader has made of it. #}
{% macro utc(relation, column) -%}
    {%- set types = {} -%}
    {%- if execute -%}
        {%- for it in adapter.get_columns_in_relation(relation) -%}
            {%- do types.update({it.name | lower: it.data_type | lower}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if "with time zone" in types.get(column, "") -%} timezone('UTC', {{ column }})
    {%- else -%} cast({{ column }} as timestamp)
    {%- endif -%}
{%- endmacro %}

{# Leaves the rows that hold of each contact: all rows of a contact come in one pull, and the newest counts. A loader
   that deletes what is old itself (dlt) leaves no mark. #}
{% macro newest_of_contact(relation) -%}
    {%- set marks = [] -%}
    {%- if execute -%}
        {%- for it in adapter.get_columns_in_relation(relation) if it.name | lower in ("pulled_at", "pulled_until") -%}
            {%- do marks.append(it.name) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if marks -%} qualify {{ marks[0] }} = max({{ marks[0] }}) over (partition by contact_id) {%- endif -%}
{%- endmacro %}

{# The day of a UTC time in the zone of the reader. #}
{% macro day_of(column) -%}
    cast(timezone('{{ var("time_zone") }}', timezone('UTC', {{ column }})) as date)
{%- endmacro %}
