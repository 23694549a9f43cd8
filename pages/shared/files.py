"""Buttons that hand out a file; taking it never runs the page again."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

import streamlit as st

from synth.linked import SUFFIX as FAMILIES_SUFFIX
from synth.populations.archive import SUFFIX

if TYPE_CHECKING:
    from streamlit.elements.widgets.button import DownloadButtonDataType

_MEDIA_TYPES = {
    ".bif": "text/plain",
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".webp": "image/webp",
    ".zip": "application/zip",
    SUFFIX: "application/zip",
    FAMILIES_SUFFIX: "application/zip",
}


def media_type(file_name: str) -> str:
    """The media type (MIME) that a file's ending says."""
    return _MEDIA_TYPES[PurePath(file_name).suffix]


def file_button(
    label: str,
    data: DownloadButtonDataType,
    file_name: str,
    *,
    key: str,
    icon: str = "download",
    kind: Literal["secondary", "tertiary"] = "secondary",
    width: Literal["content", "stretch"] = "content",
    help: str | None = None,
    disabled: bool = False,
) -> None:
    """Draw a button that hands out a file.

    Parameters
    ----------
    label : str
        What is on the button.
    data : str, bytes, file or callable
        The file; a callable makes it when it is asked for.
    file_name : str
        The file's name, whose ending says its media type.
    key : str
        The widget's key.
    icon : str
        The name of a Material symbol.
    kind : {"secondary", "tertiary"}
        How much the button stands out.
    width : {"content", "stretch"}
        As wide as its label, or as its column.
    help : str, optional
        The tooltip.
    disabled : bool
        Whether nothing can be taken.
    """
    st.download_button(
        label,
        data,
        file_name=file_name,
        mime=media_type(file_name),
        key=key,
        icon=f":material/{icon}:",
        type=kind,
        width=width,
        help=help,
        disabled=disabled,
        on_click="ignore",
    )
