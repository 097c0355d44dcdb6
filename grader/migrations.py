"""Which version of its tables a new gradebook gets."""


def latest_version() -> str:
    """Return the version of nbgrader's newest migration.

    nbgrader asks the program `alembic` for it, which loads all of nbgrader once more: 3 seconds.
    """
    # Imported late: only a run that makes a gradebook needs it.
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    config = Config()
    config.set_main_option("script_location", ALEMBIC_DIR)
    return str(ScriptDirectory.from_config(config).get_current_head())
