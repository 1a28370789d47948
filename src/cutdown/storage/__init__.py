"""Where recordings come from and results go: a folder, or a bucket's prefix, behind one interface."""

from cutdown.storage.folder import FolderPlace
from cutdown.storage.opening import open_place
from cutdown.storage.place import Change, Item, Place, SourceChangedError, TidyPlace, Unfinished

__all__ = [
    "Change",
    "FolderPlace",
    "Item",
    "Place",
    "SourceChangedError",
    "TidyPlace",
    "Unfinished",
    "open_place",
]
