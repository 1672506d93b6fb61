"""Words that turn the meaning of what follows, and how far.

Chinese has no blanks, so its negators are single characters; the rest are words as the model reads
them: small letters, е for ё, ا for أ.
"""

from __future__ import annotations

REACH = 4
"""Tokens after a negator that it may turn, up to the next mark of punctuation."""

_NEGATORS = """
    not no never none nothing nobody nowhere neither nor cannot can't cant don't dont doesn't doesnt
    didn't didnt isn't isnt aren't arent wasn't wasnt weren't won't wont wouldn't wouldnt couldn't
    couldnt shouldn't hasn't hasnt haven't havent hadn't ain't aint without hardly barely nope
    не нет ни никогда ничего никто никак нигде нету без нельзя едва
    няма нищо никой никога никъде нито недей нямам нямаме нямаше
    不 没 無 无 未 别 勿 非 沒
    no nunca nada nadie ningún ninguna ninguno ni sin tampoco jamás
    nicht kein keine keinen keinem keiner nie niemals nichts niemand ohne weder
    ne n'est n'ai n'a pas jamais rien aucun aucune sans personne n'y n'était n'ont ni
    não nao nunca nada nenhum nenhuma ninguém sem nem jamais
    non mai niente nessuno nessuna nulla senza né
    لا لم لن ليس ليست ما مو مش غير بدون ماكو مافي عدم ولا لست
    नहीं नही न मत ना बिना कभी nahi nahin mat
"""
NEGATORS = frozenset(_NEGATORS.split())
"""Words after which the next few mean the opposite."""

_TURNS = """
    but however although though yet except но однако зато а только но обаче ама но 但 却
    pero aunque sino aber doch jedoch mais cependant pourtant mas porém porem ma però tuttavia
    لكن بس ولكن लेकिन मगर पर
"""
TURNS = frozenset(_TURNS.split())
"""Words after which the weightier half of a mixed message comes."""
