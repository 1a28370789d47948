"""What is said in the output, word by word: captions and chapters. Functions of the timeline."""

from cutdown.captions.chapters import chapters, to_text
from cutdown.captions.layout import Caption, captions
from cutdown.captions.subtitles import to_srt, to_vtt
from cutdown.captions.words import SpokenWord, spoken_words

__all__ = ["Caption", "SpokenWord", "captions", "chapters", "spoken_words", "to_srt", "to_text", "to_vtt"]
