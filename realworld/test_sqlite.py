"""SQLite's shell: a database in a mount, journals and all."""

import io
import sqlite3

import pytest

import pywasm
from pywasm import wasi

QUOTA = 64 << 10
FILL = """
create table squares(n integer primary key, square integer);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
    insert into squares select i, i * i from n;
begin; delete from squares; rollback;
select count(*), sum(square), avg(n) from squares;
"""
ASK = "pragma integrity_check; select square from squares where n = 77; vacuum;"


def test_a_database_on_the_host_is_one_for_the_hosts_sqlite(run, tmp_path):
    mounts = {"/data": tmp_path}
    filled = run("sqlite", "/data/squares.db", dirs=mounts, stdin=FILL)
    assert (filled.returncode, filled.stdout) == (0, "5000|41679167500|2500.5\n")
    asked = run("sqlite", "/data/squares.db", ASK, dirs=mounts)
    assert (asked.returncode, asked.stdout) == (0, "ok\n5929\n")
    with sqlite3.connect(tmp_path / "squares.db") as database:
        assert database.execute("select max(square) from squares").fetchone() == (25000000,)
    assert [path.name for path in tmp_path.iterdir()] == ["squares.db"]


def test_a_database_in_memory_comes_out_of_the_run(run, tmp_path):
    filled = run("sqlite", "/squares.db", stdin=FILL, files={})
    assert list(filled.files) == ["squares.db"]
    (tmp_path / "squares.db").write_bytes(filled.files["squares.db"])
    with sqlite3.connect(tmp_path / "squares.db") as database:
        assert database.execute("select count(*) from squares").fetchone() == (5000,)


def test_a_full_disk_leaves_the_database_whole(module):
    errors = io.BytesIO()
    builder = wasi.StateBuilder("sqlite", ["/data/squares.db"]).stdin(FILL.encode())
    builder.map_files("/data", {}, quota=QUOTA).stdout(errors).stderr(errors)
    with builder.finalize() as environment:
        shell = module("sqlite")
        imports = environment.generate_import_object(shell.store, wasi.Version.SNAPSHOT1)
        with pytest.raises(pywasm.ExitError) as ended:
            pywasm.Instance(shell, imports).exports._start()
        assert (ended.value.code, b"disk is full" in errors.getvalue()) == (1, True)
        assert sum(map(len, environment.files("/data").values())) <= QUOTA
