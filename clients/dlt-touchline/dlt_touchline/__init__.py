"""A dlt source for Touchline, a server for contact-centre quality, coaching and reporting.

    import dlt
    from dlt_touchline import touchline

    pipeline = dlt.pipeline("touchline", destination="duckdb", dataset_name="touchline")
    pipeline.run(touchline("https://touchline.example.com", token="tl_...", start_date="2026-01-01"))

Every run reads on from where the last one that was loaded has ended. Nothing comes twice into a table, and what is deleted or
erased on the server is deleted in the warehouse.
"""

from dlt_touchline.source import RECORDS, touchline

__all__ = ["RECORDS", "touchline"]
