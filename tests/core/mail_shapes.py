"""E-mails as clients write them in eleven languages: what was typed, and all that hangs below it.

`MAILS` crosses a language with a shape. The words are those that Gmail, Outlook, Apple Mail and
Thunderbird put there in that language; the typed part is the same in every shape of a language.
"""

from __future__ import annotations

from typing import NamedTuple


class Tongue(NamedTuple):
    """The words of one language."""

    typed: str
    closing: str
    """How a letter ends, before the name."""
    wrote: str
    """Gmail's line above a quote."""
    header: tuple[str, str, str, str]
    """Outlook's From, Sent, To and Subject."""
    device: str
    """What a phone adds."""
    notice: str
    """What a company's mail server adds."""
    quoted: str


TONGUES: dict[str, Tongue] = {
    "en": Tongue(
        "The refund has still not arrived.\nI have been waiting for three weeks and nobody answers.",
        "Kind regards,",
        "On Mon, 2 Mar 2026 at 10:12, Help Desk <help@shop.example> wrote:",
        ("From", "Sent", "To", "Subject"),
        "Sent from my iPhone",
        "This e-mail and any attachments are confidential and intended solely for the addressee. If "
        "you have received it in error, please notify the sender and delete it.",
        "We are so happy to help you, thank you for your patience!",
    ),
    "ru": Tongue(
        "Деньги так и не вернули.\nЖду уже три недели, и никто не отвечает.",
        "С уважением,",
        "пн, 2 мар. 2026 г. в 10:12, Help Desk <help@shop.example>:",
        ("От", "Отправлено", "Кому", "Тема"),
        "Отправлено с iPhone",
        "Настоящее сообщение содержит конфиденциальную информацию и предназначено исключительно для "
        "указанного адресата. Если Вы получили его по ошибке, сообщите отправителю и удалите его.",
        "Мы очень рады помочь, спасибо за терпение!",
    ),
    "bg": Tongue(
        "Парите още не са възстановени.\nЧакам вече три седмици и никой не отговаря.",
        "С уважение,",
        "На пн, 2.03.2026 г. в 10:12 Help Desk <help@shop.example> написа:",
        ("От", "Изпратено", "До", "Относно"),
        "Изпратено от моя iPhone",
        "Това съобщение е поверително и е предназначено само за посочения получател. Ако сте го "
        "получили по погрешка, моля уведомете подателя и го изтрийте.",
        "Много се радваме да помогнем, благодарим за търпението!",
    ),
    "zh": Tongue(
        "退款还没有到账。\n我已经等了三个星期，没有人回复。",
        "此致",
        "Help Desk <help@shop.example> 于2026年3月2日周一 10:12写道：",
        ("发件人", "发送时间", "收件人", "主题"),
        "发自我的iPhone",
        "本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的收件人。如果您错收了本邮件，请立即通知发件人并删除。",
        "我们非常高兴为您服务，感谢您的耐心！",
    ),
    "es": Tongue(
        "El reembolso todavía no ha llegado.\nLlevo tres semanas esperando y nadie contesta.",
        "Un saludo,",
        "El lun, 2 mar 2026 a las 10:12, Help Desk (<help@shop.example>) escribió:",
        ("De", "Enviado", "Para", "Asunto"),
        "Enviado desde mi iPhone",
        "Este mensaje es confidencial y va dirigido exclusivamente a su destinatario. Si lo ha recibido "
        "por error, comuníquelo al remitente y elimínelo.",
        "¡Estamos encantados de ayudarle, gracias por su paciencia!",
    ),
    "de": Tongue(
        "Die Erstattung ist immer noch nicht da.\nIch warte seit drei Wochen, und niemand antwortet.",
        "Mit freundlichen Grüßen",
        "Am Mo., 2. März 2026 um 10:12 Uhr schrieb Help Desk <help@shop.example>:",
        ("Von", "Gesendet", "An", "Betreff"),
        "Von meinem iPhone gesendet",
        "Diese E-Mail enthält vertrauliche Informationen und ist nur für den genannten Empfänger bestimmt."
        " Wenn Sie sie irrtümlich erhalten haben, informieren Sie bitte den Absender und löschen Sie sie.",
        "Wir helfen Ihnen sehr gern, vielen Dank für Ihre Geduld!",
    ),
    "fr": Tongue(
        "Le remboursement n'est toujours pas arrivé.\nJ'attends depuis trois semaines et personne ne répond.",
        "Cordialement,",
        "Le lun. 2 mars 2026 à 10:12, Help Desk <help@shop.example> a écrit :",
        ("De", "Envoyé", "À", "Objet"),
        "Envoyé de mon iPhone",
        "Ce message est confidentiel et destiné exclusivement à son destinataire. Si vous l'avez reçu par "
        "erreur, merci d'en avertir l'expéditeur et de le supprimer.",
        "Nous sommes ravis de vous aider, merci de votre patience !",
    ),
    "pt": Tongue(
        "O reembolso ainda não chegou.\nEstou à espera há três semanas e ninguém responde.",
        "Atenciosamente,",
        "Help Desk <help@shop.example> escreveu (segunda, 2/03/2026 à(s) 10:12):",
        ("De", "Enviado", "Para", "Assunto"),
        "Enviado do meu iPhone",
        "Esta mensagem é confidencial e destina-se exclusivamente ao seu destinatário. Se a recebeu por "
        "engano, avise o remetente e apague-a.",
        "Temos todo o gosto em ajudar, obrigado pela sua paciência!",
    ),
    "it": Tongue(
        "Il rimborso non è ancora arrivato.\nAspetto da tre settimane e nessuno risponde.",
        "Cordiali saluti,",
        "Il giorno lun 2 mar 2026 alle ore 10:12 Help Desk <help@shop.example> ha scritto:",
        ("Da", "Inviato", "A", "Oggetto"),
        "Inviato da iPhone",
        "Questo messaggio è riservato e destinato esclusivamente al destinatario indicato. Se lo avete "
        "ricevuto per errore, avvisate il mittente e cancellatelo.",
        "Siamo felici di aiutarla, grazie per la pazienza!",
    ),
    "ar": Tongue(
        "لم يصل المبلغ المسترد بعد.\nأنتظر منذ ثلاثة أسابيع ولا أحد يرد.",
        "مع التحية،",
        "في الاثنين، 2 مارس 2026 في 10:12 ص كتب Help Desk <help@shop.example>:",
        ("من", "تم الإرسال", "إلى", "الموضوع"),
        "أرسلت من الـ iPhone",
        "هذه الرسالة سرية وموجهة فقط إلى المرسل إليه. إذا استلمتها عن طريق الخطأ فيرجى إبلاغ المرسل وحذفها.",
        "يسعدنا جدا أن نساعدك، شكرا لصبرك!",
    ),
    "hi": Tongue(
        "रिफ़ंड अभी तक नहीं आया है।\nमैं तीन हफ़्ते से इंतज़ार कर रहा हूँ और कोई जवाब नहीं देता।",
        "सादर,",
        "सोम, 2 मार्च 2026 को 10:12 am बजे Help Desk <help@shop.example> ने लिखा:",
        ("प्रेषक", "भेजा गया", "प्रति", "विषय"),
        "मेरे iPhone से भेजा गया",
        "यह संदेश गोपनीय है और केवल प्राप्तकर्ता के लिए है। यदि आपको यह गलती से मिला है तो कृपया प्रेषक को सूचित करें और इसे हटा दें।",
        "हमें आपकी मदद करके बहुत खुशी हुई, धैर्य के लिए धन्यवाद!",
    ),
}


def _quote(words: Tongue) -> str:
    return f"{words.wrote}\n\n> {words.quoted}\n> Help Desk"


def _outlook(words: Tongue) -> str:
    sender, sent, to, subject = words.header
    return (
        f"{sender}: Help Desk <help@shop.example>\n{sent}: 2026-03-02 10:12\n"
        f"{to}: Ana Petrova <ana@example.org>\n{subject}: 4711\n\n{words.quoted}"
    )


_NAME = "Ana Petrova"
_BLOCK = f"{_NAME}\nHead of Purchasing\nExample Ltd\nTel.: +359 888 000 111\nwww.example.org"


def shape_all(words: Tongue) -> dict[str, str]:
    """The same typed words in every shape."""
    return {
        "bare": words.typed,
        "quote below": f"{words.typed}\n\n{_quote(words)}",
        "quote below, closing and name": f"{words.typed}\n\n{words.closing}\n{_NAME}\n\n{_quote(words)}",
        "quote above": f"{_quote(words)}\n\n{words.typed}",
        "outlook block": f"{words.typed}\n\n________________________________\n{_outlook(words)}",
        "outlook block without a line": f"{words.typed}\n\n{words.closing}\n{_NAME}\n\n{_outlook(words)}",
        "from a phone": f"{words.typed}\n\n{words.device}",
        "from a phone, quote": f"{words.typed}\n\n{words.device}\n\n{_quote(words)}",
        "dashed signature": f"{words.typed}\n\n-- \n{_BLOCK}",
        "closing and block": f"{words.typed}\n\n{words.closing}\n{_BLOCK}",
        "closing, block, notice": f"{words.typed}\n\n{words.closing}\n{_BLOCK}\n\n{words.notice}",
        "notice alone": f"{words.typed}\n\n{words.notice}",
    }


MAILS = [
    (language, shape, text, words.typed)
    for language, words in TONGUES.items()
    for shape, text in shape_all(words).items()
]
"""(language, shape, e-mail, what was typed)"""

INTACT = [
    "Thanks, but it still fails.\nBest of all, your colleague hung up on me.",
    "Regards the order 4711: it is broken.\nPlease send a new one.\nIt was a present.",
    "Спасибо за ответ.\nС уважением отношусь к вашей работе, но посылки нет.",
    "Danke, aber es geht nicht.\nGruß an die Kollegin, die mir half.\nWann kommt der Techniker?",
    "Merci.\nCordialement reçu, mais rien n'est réparé et personne ne rappelle.",
    "Hello,\nmy router is off.\n\nFrom Monday on I am away: call me before.\nWhat now?",
    "I called twice.\n\nThis message is for your manager: it is a disgrace.\nI want an answer today.",
    "谢谢，但是还是不行。\n此致电话没有人接，太差了。",
    "Saludos al técnico, pero la línea sigue sin funcionar.\n¿Cuándo vienen?",
]
"""Texts without a signature that look as if they had one: nothing may be lost."""
