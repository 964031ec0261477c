"""The application gallery: what can be provisioned into, as data (spec/provisioning-service.md section 6.5).

Pure: the JSON files beside this one are part of the package and read once, when a template is first asked for. Must
not: know how an application is reached or what is done with it.
"""

from provisor.gallery.template import Template, template, templates

__all__ = ["Template", "template", "templates"]
