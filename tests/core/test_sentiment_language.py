"""Laws of the language guess: the event's own word first, never a wrong English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sentiment.core.language import KNOWN, read_tag
from services.sentiment.model.store import load_scorer

SCORER = load_scorer()


def find_language(text: str) -> str:
    """As what the packaged model scores a text of which nobody said the language."""
    return SCORER.score([text], [""])[0].language


SENTENCES = {
    "en": (
        "My parcel still hasn't arrived and nobody answers the phone.",
        "Could you please send me the invoice for March?",
        "The new agent was very friendly, I am impressed.",
        "Why was I charged twice for the same order?",
    ),
    "ru": (
        "Я уже третий раз пишу вам, а посылка так и не пришла.",
        "Спасибо, всё решилось очень быстро.",
        "Подскажите, пожалуйста, когда будет доставка?",
        "Мне вернули не все деньги.",
    ),
    "zh": (
        "我的包裹还没有到,客服电话一直没人接。",
        "请问可以帮我修改收货地址吗?",
        "谢谢,问题已经解决了。",
        "为什么 iPhone 的订单被取消了?",
    ),
    "bg": (
        "Пратката ми още не е пристигнала и никой не вдига телефона.",
        "Бихте ли ми изпратили фактурата за март?",
        "Благодаря, много бързо решихте проблема.",
        "Защо ми удържахте сумата два пъти?",
    ),
    "es": (
        "Mi paquete todavía no ha llegado y nadie contesta el teléfono.",
        "¿Me pueden enviar la factura de marzo, por favor?",
        "Muchas gracias, el problema está resuelto.",
        "Quiero hablar con una persona, no con un robot.",
    ),
    "de": (
        "Mein Paket ist noch immer nicht da und niemand geht ans Telefon.",
        "Können Sie mir bitte die Rechnung für März schicken?",
        "Vielen Dank, das Problem ist gelöst.",
        "Warum wurde mir der Betrag zweimal abgebucht?",
    ),
    "fr": (
        "Mon colis n'est toujours pas arrivé et personne ne répond au téléphone.",
        "Pouvez-vous m'envoyer la facture de mars, s'il vous plaît ?",
        "Merci beaucoup, le problème est résolu.",
        "Je veux parler à une personne, pas à un robot.",
    ),
    "pt": (
        "A minha encomenda ainda não chegou e ninguém atende o telefone.",
        "Vocês podem me enviar a fatura de março, por favor?",
        "Muito obrigado, o problema foi resolvido.",
        "Por que fui cobrado duas vezes pelo mesmo pedido?",
    ),
    "it": (
        "Il mio pacco non è ancora arrivato e nessuno risponde al telefono.",
        "Potete inviarmi la fattura di marzo, per favore?",
        "Grazie mille, il problema è stato risolto.",
        "Perché mi avete addebitato due volte lo stesso ordine?",
    ),
    "ar": (
        "لم يصل طردي حتى الآن ولا أحد يرد على الهاتف.",
        "هل يمكنكم إرسال فاتورة شهر مارس من فضلكم؟",
        "شكرا جزيلا، تم حل المشكلة.",
        "لماذا تم خصم المبلغ مرتين؟",
    ),
    "hi": (
        "मेरा पार्सल अब तक नहीं आया है और कोई फोन नहीं उठाता।",
        "क्या आप मुझे मार्च का बिल भेज सकते हैं?",
        "बहुत धन्यवाद, समस्या हल हो गई।",
        "मुझसे दो बार पैसे क्यों लिए गए?",
    ),
}


@pytest.mark.parametrize("language", KNOWN)
def test_sentences_of_a_service_desk_are_told_apart_in_each_of_eleven_languages(
    language: str,
) -> None:
    """Law: four ordinary sentences of each language are recognised, none is taken for English."""
    found = [find_language(text) for text in SENTENCES[language]]
    assert found.count(language) >= len(found) - 1
    assert set(found) <= {language, ""}


def test_every_known_language_is_tested() -> None:
    """Law: who adds a language adds its sentences."""
    assert set(SENTENCES) == set(KNOWN)


@pytest.mark.parametrize(
    ("told", "tag"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("PT_br", "pt"),
        ("zh-Hans-CN", "zh"),
        ("sr", "sr"),
        ("fil", "fil"),
    ],
)
def test_what_the_event_says_beats_the_text(told: str, tag: str) -> None:
    """Law: a platform that knows the language is believed, also for languages that the model does not know."""
    assert read_tag(told) == tag


@pytest.mark.parametrize("told", ["", "und", "mul", "zxx", "english", "e", "??", "12"])
def test_a_tag_that_says_nothing_leaves_it_to_the_text(told: str) -> None:
    """Law: the tags for not knowing, and what is no tag at all, are as good as absent."""
    assert read_tag(told) == ""
    assert find_language("Мне вернули не все деньги.") == "ru"


@pytest.mark.parametrize(
    "text",
    ["", "   ", "12345 67", "😡😡😡", "Zalando #4711", "これはひどいです", "정말 고맙습니다",
     "این خیلی بد است پاسخ چرا", "Дякую, але посилка ще не прийшла", "Dziękuję za szybką pomoc"],
)  # fmt: skip
def test_what_is_none_of_the_eleven_is_not_taken_for_english(text: str) -> None:
    """Law: no words, or another language, is never taken for English (a mere "ok" may be)."""
    assert find_language(text) != "en"


@given(st.text(alphabet="0123456789 .,:;!?#+-/()😡👍🙏", max_size=60))
def test_without_a_letter_there_is_no_language(text: str) -> None:
    """Law: whoever writes most order numbers in the corpus, a number is in no language."""
    assert find_language(text) == ""


@given(st.text(max_size=600))
def test_any_text_at_all_has_a_known_language_or_none(text: str) -> None:
    """Law: the guess is total: hostile text neither raises nor invents a language."""
    assert find_language(text) in {"", "und", *KNOWN}
