"""The table of all routes: what is dispatched, documented and tested. A noun's own stand in its handlers' file."""

from typing import Final

from provisor.graph_api.handlers import (
    application_templates,
    applications,
    assignments,
    audits,
    deleted_items,
    directory_delta,
    directory_entries,
    directory_references,
    escrows,
    extension_properties,
    held_deletions,
    job_settings,
    links,
    owners,
    plans,
    provision_on_demand,
    provisioning,
    reports,
    synchronization_jobs,
    synchronization_schemas,
    synchronization_secrets,
    synchronization_templates,
)
from provisor.graph_api.odata.routing import GraphRoute
from provisor.graph_api.openapi import document_routes

_NOUNS: Final[tuple[GraphRoute, ...]] = (
    *application_templates.ROUTES,
    *applications.ROUTES,
    *assignments.ROUTES,
    *owners.ROUTES,
    *synchronization_templates.ROUTES,
    *synchronization_jobs.ROUTES,
    *synchronization_schemas.ROUTES,
    *synchronization_secrets.ROUTES,
    *provision_on_demand.ROUTES,
    *provisioning.ROUTES,
    *audits.ROUTES,
    *plans.ROUTES,
    *escrows.ROUTES,
    *held_deletions.ROUTES,
    *links.ROUTES,
    *job_settings.ROUTES,
    *reports.ROUTES,
    *directory_entries.ROUTES,
    *directory_references.ROUTES,
    *directory_delta.ROUTES,
    *deleted_items.ROUTES,
    *extension_properties.ROUTES,
)
ROUTES: Final = (*_NOUNS, *document_routes(_NOUNS))
