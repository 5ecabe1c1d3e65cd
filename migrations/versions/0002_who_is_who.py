"""who is who: contact details, consent, lists, imports, merges, erasure and the registers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hash_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_hash_keys_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hash_keys")),
    )
    op.create_table(
        "retention_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_runs")),
    )
    op.create_table(
        "breaches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("data_categories", sa.Text(), nullable=False),
        sa.Column("affected", sa.Integer(), nullable=True),
        sa.Column("consequences", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("authority_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("persons_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("affected IS NULL OR affected >= 0", name=op.f("ck_breaches_affected_counts_up")),
        sa.CheckConstraint(
            "happened_at IS NULL OR happened_at <= noticed_at",
            name=op.f("ck_breaches_happened_before_noticed"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_breaches_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaches")),
    )
    with op.batch_alter_table("breaches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_breaches_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "contact_lists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "by_hand", "filter", name="listkind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("filter", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("once", sa.String(length=64), nullable=True),
        sa.Column("sort_key", sa.String(length=2000), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'filter') = (filter IS NOT NULL)", name=op.f("ck_contact_lists_filter_says_whom")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_contact_lists_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_lists")),
        sa.UniqueConstraint("once", name=op.f("uq_contact_lists_once")),
    )
    with op.batch_alter_table("contact_lists", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_contact_lists_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_contact_lists_sort_key"), ["sort_key"], unique=False)

    op.create_table(
        "merges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("gone_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_merges_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    with op.batch_alter_table("merges", schema=None) as batch_op:
        batch_op.create_index("ix_merges_of", ["kind", "kept_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_merges_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "processing_purposes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("legal_basis", sa.String(length=300), nullable=False),
        sa.Column("data_subjects", sa.Text(), nullable=False),
        sa.Column("data_categories", sa.Text(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("safeguards", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_processing_purposes_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processing_purposes")),
        sa.UniqueConstraint("key", name=op.f("uq_processing_purposes_key")),
    )
    with op.batch_alter_table("processing_purposes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_processing_purposes_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "suppressions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "events",
                "news",
                "sharing",
                name="suppressed_purpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column(
            "channel",
            sa.Enum(
                "paper",
                "form",
                "mail",
                "phone",
                "in_person",
                "import",
                "link",
                name="suppression_channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_suppressions_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint(
            "address_hash",
            "purpose",
            "organisation_id",
            name=op.f("uq_suppressions_address_hash_purpose_organisation_id"),
        ),
    )
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_suppressions_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "tombstones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "email",
                "phone",
                "name",
                name="tombstonekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_tombstones_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstones")),
        sa.UniqueConstraint(
            "kind", "hash", "organisation_id", name=op.f("uq_tombstones_kind_hash_organisation_id")
        ),
    )
    with op.batch_alter_table("tombstones", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tombstones_hash"), ["hash"], unique=False)

    op.create_table(
        "contact_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("user_name", sa.String(length=200), nullable=False),
        sa.Column("once", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("encoding", sa.String(length=40), nullable=False),
        sa.Column("delimiter", sa.String(length=4), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "uploaded",
                "checking",
                "checked",
                "running",
                "done",
                "undoing",
                "undone",
                "failed",
                name="importstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("done >= 0 AND done <= total", name=op.f("ck_contact_imports_done_of_total")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_contact_imports_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_contact_imports_user_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_imports")),
        sa.UniqueConstraint("once", name=op.f("uq_contact_imports_once")),
    )
    with op.batch_alter_table("contact_imports", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_contact_imports_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum(
                "events",
                "news",
                "sharing",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text_version", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "paper",
                "form",
                "mail",
                "phone",
                "in_person",
                "import",
                "link",
                name="consentchannel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("proof", sa.String(length=300), nullable=False),
        sa.Column("proof_file_id", sa.Integer(), nullable=True),
        sa.Column("shared_with_id", sa.Integer(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "withdrawn_by",
            sa.Enum(
                "paper",
                "form",
                "mail",
                "phone",
                "in_person",
                "import",
                "link",
                name="withdrawal_channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "shared_with_id IS NULL OR purpose = 'sharing'", name=op.f("ck_consents_shared_for_sharing")
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_consents_withdrawal_whole")
        ),
        sa.CheckConstraint(
            "withdrawn_at IS NULL OR withdrawn_at >= given_at", name=op.f("ck_consents_withdrawn_after_given")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_consents_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_consents_person_id_persons")),
        sa.ForeignKeyConstraint(
            ["proof_file_id"], ["stored_files.id"], name=op.f("fk_consents_proof_file_id_stored_files")
        ),
        sa.ForeignKeyConstraint(
            ["shared_with_id"], ["organisations.id"], name=op.f("fk_consents_shared_with_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consents_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consents_person_id"), ["person_id"], unique=False)

    op.create_table(
        "import_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("table", sa.String(length=40), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["contact_imports.id"],
            name=op.f("fk_import_changes_import_id_contact_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_changes")),
    )
    with op.batch_alter_table("import_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_changes_import_id"), ["import_id"], unique=False)

    op.create_table(
        "import_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("errors", sa.JSON(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "new",
                "update",
                "skip",
                name="rowdecision",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("match_type", sa.String(length=40), nullable=False),
        sa.Column("match_id", sa.Integer(), nullable=True),
        sa.Column("match_reason", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["contact_imports.id"],
            name=op.f("fk_import_rows_import_id_contact_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
        sa.UniqueConstraint("import_id", "number", name=op.f("uq_import_rows_import_id_number")),
    )
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.create_index("ix_import_rows_decision", ["import_id", "decision"], unique=False)

    op.create_table(
        "list_members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(office_id IS NULL) <> (person_id IS NULL)", name=op.f("ck_list_members_one_of_both")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"],
            ["contact_lists.id"],
            name=op.f("fk_list_members_list_id_contact_lists"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["offices.id"], name=op.f("fk_list_members_office_id_offices")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("fk_list_members_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_members")),
        sa.UniqueConstraint("list_id", "office_id", name=op.f("uq_list_members_list_id_office_id")),
        sa.UniqueConstraint("list_id", "person_id", name=op.f("uq_list_members_list_id_person_id")),
    )
    with op.batch_alter_table("list_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_list_members_office_id"), ["office_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_list_members_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("institutions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("county", sa.String(length=80), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("language", sa.String(length=2), nullable=False, server_default="sq"))
        batch_op.add_column(sa.Column("phone", sa.String(length=32), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("post_address", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column("working_hours", sa.String(length=200), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column(
                "medium_kind",
                sa.Enum(
                    "print",
                    "radio",
                    "television",
                    "online",
                    "agency",
                    name="mediumkind",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column("accreditation", sa.String(length=200), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("accredited_until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_institutions_merged_into_id_institutions"),
            "institutions",
            ["merged_into_id"],
            ["id"],
        )

    with op.batch_alter_table("offices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone", sa.String(length=32), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_offices_merged_into_id_offices"), "offices", ["merged_into_id"], ["id"]
        )

    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "kind",
                sa.Enum(
                    "official",
                    "journalist",
                    "ally",
                    "citizen",
                    "other",
                    name="personkind",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=False,
                server_default="other",
            )
        )
        batch_op.add_column(sa.Column("phone", sa.String(length=32), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("post_address", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("municipality_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("topics", sa.String(length=400), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("works_for_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("press_card", sa.String(length=80), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("press_card_until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_persons_municipality_id"), ["municipality_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_persons_phone"), ["phone"], unique=False)
        batch_op.create_index(batch_op.f("ix_persons_works_for_id"), ["works_for_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_persons_merged_into_id_persons"), "persons", ["merged_into_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_persons_municipality_id_municipalities"),
            "municipalities",
            ["municipality_id"],
            ["id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_persons_works_for_id_institutions"), "institutions", ["works_for_id"], ["id"]
        )

    # Who holds or held an office is in the address book because of it.
    op.execute("UPDATE persons SET kind = 'official' WHERE id IN (SELECT person_id FROM mandates)")


def downgrade() -> None:
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_persons_works_for_id_institutions"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_persons_municipality_id_municipalities"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_persons_merged_into_id_persons"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_persons_works_for_id"))
        batch_op.drop_index(batch_op.f("ix_persons_phone"))
        batch_op.drop_index(batch_op.f("ix_persons_municipality_id"))
        batch_op.drop_column("erased_at")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("press_card_until")
        batch_op.drop_column("press_card")
        batch_op.drop_column("works_for_id")
        batch_op.drop_column("topics")
        batch_op.drop_column("municipality_id")
        batch_op.drop_column("post_address")
        batch_op.drop_column("phone")
        batch_op.drop_constraint("personkind", type_="check")
        batch_op.drop_column("kind")

    with op.batch_alter_table("offices", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_offices_merged_into_id_offices"), type_="foreignkey")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("phone")

    with op.batch_alter_table("institutions", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_institutions_merged_into_id_institutions"), type_="foreignkey"
        )
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("accredited_until")
        batch_op.drop_column("accreditation")
        batch_op.drop_constraint("mediumkind", type_="check")
        batch_op.drop_column("medium_kind")
        batch_op.drop_column("working_hours")
        batch_op.drop_column("post_address")
        batch_op.drop_column("phone")
        batch_op.drop_column("language")
        batch_op.drop_column("county")

    with op.batch_alter_table("list_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_list_members_person_id"))
        batch_op.drop_index(batch_op.f("ix_list_members_office_id"))

    op.drop_table("list_members")
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.drop_index("ix_import_rows_decision")

    op.drop_table("import_rows")
    with op.batch_alter_table("import_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_changes_import_id"))

    op.drop_table("import_changes")
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consents_person_id"))
        batch_op.drop_index(batch_op.f("ix_consents_organisation_id"))

    op.drop_table("consents")
    with op.batch_alter_table("contact_imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_imports_organisation_id"))

    op.drop_table("contact_imports")
    with op.batch_alter_table("tombstones", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tombstones_hash"))

    op.drop_table("tombstones")
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_suppressions_organisation_id"))

    op.drop_table("suppressions")
    with op.batch_alter_table("processing_purposes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_processing_purposes_organisation_id"))

    op.drop_table("processing_purposes")
    with op.batch_alter_table("merges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_merges_organisation_id"))
        batch_op.drop_index("ix_merges_of")

    op.drop_table("merges")
    with op.batch_alter_table("contact_lists", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_lists_sort_key"))
        batch_op.drop_index(batch_op.f("ix_contact_lists_organisation_id"))

    op.drop_table("contact_lists")
    with op.batch_alter_table("breaches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_breaches_organisation_id"))

    op.drop_table("breaches")
    op.drop_table("retention_runs")
    op.drop_table("hash_keys")
