"""Names stand in the order of Thai dictionaries, on every database."""

import random

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from setahub.core.keys import sort_key
from topics.models import Topic

# In the order of the Royal Institute Dictionary, B.E. 2554: consonants, then vowels, those included
# that are written before their consonant; marks only where nothing else differs.
WORDS = [
    "กก",
    "กฎ",
    "กด",
    "กบ",
    "กบฏ",
    "กรด",
    "กรรม",
    "กระ",
    "กระทะ",
    "กราบ",
    "กล",
    "กลม",
    "กลาง",
    "กวน",
    "กะ",
    "กะทิ",
    "กัก",
    "กัน",
    "กับ",
    "กา",
    "กาก",
    "กาง",
    "กาย",
    "กาว",
    "กำ",
    "กำเนิด",
    "กิน",
    "กีฬา",
    "กึ่ง",
    "กุ้ง",
    "กู",
    "เก",
    "เก๋",
    "เก็ง",
    "เก่ง",
    "เกณฑ์",
    "เกม",
    "เกลือ",
    "เกวียน",
    "เกษตร",
    "เกาะ",
    "เกิด",
    "แก",
    "แก่",
    "แก้",
    "แกง",
    "แก้ม",
    "แก้ว",
    "โกง",
    "โกรธ",
    "ใกล้",
    "ไก่",
    "ขน",
    "ขนม",
    "ขา",
    "ข่า",
    "ข้า",
    "เขา",
    "เข่า",
    "เข้า",
    "แขก",
    "ไข่",
    "คน",
    "ความ",
    "คำ",
    "เครือข่าย",
    "งาน",
    "จดหมาย",
    "ใจ",
    "ฐาน",
    "ฐานข้อมูล",
    "ทฤษฎี",
    "ทะเล",
    "เทคโนโลยี",
    "น้ำ",
    "เนื้อ",
    "แนว",
    "บ้าน",
    "เบา",
    "โบราณ",
    "ใบ",
    "ปา",
    "ป่า",
    "ป้า",
    "ป๊า",
    "ป๋า",
    "ปาก",
    "โปรแกรม",
    "พยัญชนะ",
    "พฤกษ์",
    "ภาษา",
    "มะลิ",
    "เมฆ",
    "แมว",
    "ไม้",
    "ยา",
    "เยาวชน",
    "รถ",
    "ฤดู",
    "ลม",
    "ฦๅ",
    "วัน",
    "เวลา",
    "ศาล",
    "ส้ม",
    "สระ",
    "เสา",
    "หมา",
    "หมี",
    "เห็ด",
    "แห",
    "แห่",
    "แห้ง",
    "โหร",
    "ไหม",
    "อะไร",
    "อา",
    "เอก",
]
LATIN = ["3D Graphics", "Algorithms", "C", "C++", "café", "Data Structures", "databases", "Zoo"]


@pytest.mark.parametrize("seed", range(20))
def test_keys_sort_as_dictionaries_do(seed):
    names = LATIN + WORDS
    shuffled = random.Random(seed).sample(names, len(names))
    assert sorted(shuffled, key=sort_key) == names


def test_what_reads_the_same_is_told_apart_by_nothing():
    assert sort_key("น้ำ") == sort_key("นํ้า")
    assert sort_key("ALGORITHMS") == sort_key("algorithms")
    assert len({sort_key(word) for word in WORDS}) == len(WORDS)


def test_any_collation_sorts_the_digits_of_a_key_alike():
    assert all(set(sort_key(word)) <= set("0123456789abcdef") for word in LATIN + WORDS)


def test_topics_and_people_stand_in_that_order(creator, make_user):
    names = [name for name in LATIN + WORDS if len(name) > 1]
    for number, name in enumerate(random.Random(1).sample(names, len(names))):
        Topic.objects.create(name=name, slug=f"t-{number}", creator=creator)
    assert [each.name for each in Topic.objects.tiles()] == names
    people = [name for name in names if "+" not in name]
    for name in random.Random(2).sample(people, 30):
        make_user(name, email=f"{sort_key(name)[:60]}@example.com")
    found = User.objects.exclude(pk=creator.pk).order_by("sort_key")
    assert [each.username for each in found] == sorted(
        (each.username for each in found), key=people.index
    )


def test_a_new_name_moves(make_user):
    user = make_user("เก่ง")
    user.username = "กิน"
    user.save(update_fields=["username"])
    user.refresh_from_db()
    assert user.sort_key == sort_key("กิน")


@pytest.mark.django_db(transaction=True)
def test_the_migration_fills_keys_and_can_be_undone():
    executor = MigrationExecutor(connection)
    executor.migrate([("topics", "0008_names_of_fields")])
    before = executor.loader.project_state([("topics", "0008_names_of_fields")]).apps
    before.get_model("topics", "Topic").objects.create(
        name="แกง", name_key="แกง", search_key="แกง", slug="a"
    )
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert Topic.objects.get().sort_key == sort_key("แกง")
