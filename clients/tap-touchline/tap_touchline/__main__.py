"""`python -m tap_touchline` is `tap-touchline`."""

from tap_touchline.tap import TapTouchline

TapTouchline.cli()
