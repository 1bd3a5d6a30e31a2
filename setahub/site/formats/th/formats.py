"""The same in Thai. ``o`` is the year as readers count it (``setahub.site.formats``).

What is typed stays ISO, with years of the Common Era: a form would read ``2569`` otherwise.
"""

DATE_FORMAT = "j M o"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "D j M o H:i"
SHORT_DATE_FORMAT = "j M o"
SHORT_DATETIME_FORMAT = "j M o H:i"
YEAR_MONTH_FORMAT = "F o"
MONTH_DAY_FORMAT = "j F"
DATE_INPUT_FORMATS = ["%Y-%m-%d"]
TIME_INPUT_FORMATS = ["%H:%M", "%H:%M:%S"]
DATETIME_INPUT_FORMATS = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
