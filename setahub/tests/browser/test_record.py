"""A record of volunteer hours on paper: one sheet of A4, however long its names are."""

import re
from datetime import date

import pytest

from scheduling.models import Record

TOKEN = "r" * 32
A4 = ("594.95996", "841.91998")  # points


@pytest.mark.parametrize("language", ["th", "en"])
def test_it_prints_on_one_page(browser, site, ta, language, tmp_path, settings):
    settings.FACULTY_NAME = "คณะเทคโนโลยีสารสนเทศ สถาบันเทคโนโลยีพระจอมเกล้าเจ้าคุณทหารลาดกระบัง " * 2
    long = "โครงสร้างข้อมูลและอัลกอริทึมขั้นสูงสำหรับวิศวกรรมซอฟต์แวร์และระบบขนาดใหญ่ "
    sums = {"times": 2569, "minutes": 77_777, "verified_times": 2121, "verified_minutes": 66_661}
    Record.objects.create(
        ta=ta,
        token=TOKEN,
        name="สมชายผู้มีชื่อยาวมากที่สุดในคณะของเรา นามสกุลยาว"[:50],
        from_day=date(2025, 11, 28),
        to_day=date(2026, 11, 27),
        sums=sums,
        topics=[{"name": f"{n} {long}"[:80], **sums} for n in range(13)],
    )
    context = browser.new_context(locale=language)
    page = context.new_page()
    page.goto(f"{site.url}/records/{TOKEN}/")
    page.emulate_media(media="print")
    assert page.locator(".qr svg").bounding_box()["width"] > 80
    path = tmp_path / "record.pdf"
    page.pdf(path=path, prefer_css_page_size=True)
    context.close()
    pages = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", path.read_bytes())
    assert [tuple(side.decode() for side in size) for size in pages] == [A4]


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits_every_screen(browser, site, ta, width):
    Record.objects.create(
        ta=ta, token=TOKEN, name="น" * 50, from_day=date(2026, 1, 1), to_day=date(2026, 2, 1),
        topics=[{"name": "T" * 80, "times": 1, "minutes": 30}],
    )  # fmt: skip
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(f"{site.url}/records/{TOKEN}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
