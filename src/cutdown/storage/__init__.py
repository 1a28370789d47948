"""Where recordings come from and results go: a folder, or a bucket's prefix, behind one interface."""

from cutdown.storage.place import Change, Item, Place, SourceChangedError

__all__ = ["Change", "Item", "Place", "SourceChangedError"]
