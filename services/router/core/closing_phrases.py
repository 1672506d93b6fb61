"""What people write when a matter is settled, in eleven languages, for `closing.py`.

A template such as `it (is|has been|) solved` stands for each of its readings. A word belongs
into `fill` only if it can neither ask, refuse, contrast nor name a new wish; interrogatives,
negations, modal verbs and nouns for goods stay out, or stand inside a whole phrase.
"""

from __future__ import annotations

import msgspec


class Phrases(msgspec.Struct, frozen=True, kw_only=True):
    """The words of one language. See `closing.py` for how they may combine."""

    thanks: tuple[str, ...]
    solved: tuple[str, ...]
    greet: tuple[str, ...]
    """Greetings; a name may follow."""
    sign: tuple[str, ...]
    """Words before a signature; a name may follow."""
    fill: tuple[str, ...]
    affirm: tuple[str, ...] = ()
    """The word yes: only beside a solution, for alone it may answer our question with a wish."""
    titles: tuple[str, ...] = ()
    """Words before a name, such as `mr`."""
    after_name: tuple[str, ...] = ()
    before_for: tuple[str, ...] = ()
    """Words that may go on after a name: thank you Maria *for* ..."""
    asks: tuple[str, ...] = ()
    never_names: tuple[str, ...] = ()
    """Capitalised words that look like a name in its place."""
    cased: bool = True
    lone_names: bool = True
    """May a capitalised word alone be a name? Not where every noun is capitalised."""


def _all(text: str) -> tuple[str, ...]:
    """The templates of a block: parted by `;` or a line's end."""
    parts = (part.strip() for line in text.splitlines() for part in line.split(";"))
    return tuple(dict.fromkeys(part for part in parts if part))


_EN = Phrases(
    thanks=_all("""
        (thanks|thank you) (very much|so much|so very much|a lot|again|kindly|); thank u; thankyou; thx; thnx; ty; tysm; cheers; many thanks; kudos
        (much|greatly|really|very much|) appreciated; appreciate (it|this|that)
        (i|we) (really|truly|greatly|very much|do|) appreciate (it|this|that|all|your|the|you)
        (really|truly|) appreciate (it|your|the) (help|support|assistance|time|effort)
        grateful; (i am|i'm|we are|we're) (so|very|really|truly|) grateful
    """),
    solved=_all("""
        (it|this|that|everything|all|the problem|the issue|my problem|my issue|problem|issue|my account) (is|has been|was|got|'s) (now|all|finally|completely|fully|) (solved|resolved|fixed|sorted|sorted out|settled|working|fine|good|clear|done|in order|ok|okay|perfect)
        (it's|that's|everything's|all's) (now|all|finally|completely|) (solved|resolved|fixed|sorted|sorted out|settled|working|fine|good|clear|done|in order|ok|okay|perfect)
        (it|this|that|which|everything|all|your solution|your suggestion|your fix|your tip|your instructions|the fix|the update|the new link|the link|the code|the reset|the restart) (has|) (now|finally|just|really|totally|) (solved|resolved|fixed|did|helped|worked|works|sorted) (it|this|that|the problem|the issue|my problem|my issue|everything|the trick|me|us|me a lot|a lot|perfectly|great|fine|well|like a charm|now|again|out|for me|)
        (that|this|it) (solves|fixes|answers|clears) (it|everything|the problem|the issue|my problem|my question|my questions|the question|it up|that up)
        you (have|) (solved|fixed|resolved|sorted) (it|this|that|the problem|the issue|my problem|my issue|everything)
        problem solved; issue resolved; case closed; solved; resolved; fixed; sorted; works (now|perfectly|fine|great|again|like a charm|); worked (perfectly|great|fine|like a charm|); working (now|again|fine|perfectly|)
        all (good|set|sorted|clear|done|fine|solved|resolved) (now|here|); (i'm|i am|we're|we are) (all|) (set|good|sorted) (now|); got it (all|now|working|)
        (i|we) (have|'ve|) (now|just|finally|) (got|received) (it|them|everything|the parcel|the package|my package|my parcel|the order|my order|the refund|my refund|the money|the invoice|the email|the replacement|the documents) (now|today|this morning|yesterday|)
        (i've|we've) (now|just|finally|) (got|received) (it|them|everything|the parcel|the package|my package|my parcel|the order|my order|the refund|my refund|the money|the invoice|the replacement) (now|today|this morning|)
        (the|my) (parcel|package|order|refund|money|invoice|replacement|delivery) (has|) (now|just|) (arrived|came|been received|come through) (today|this morning|safely|)
        (no|) further questions; no (further|more|other) questions; no more (issues|problems|questions); nothing else (needed|); no (that's|that is) all; (that's|that is) all (i needed|i wanted|we needed|for now|); i have no (further|more|other) questions
        (that is|that's|this is|) (exactly|just) what (i|we) (needed|wanted|was looking for)
        (that|this) (answers|answered) (all|) my (question|questions)
        (you can|you may|please|feel free to) close (the|this|my) (ticket|case|request|issue)
        (i|we) (can|could) (now|finally|) (log in|login|sign in|access it|access my account|see it|pay) (now|again|)
        (i am|i'm) (now|) able to (log in|login|access it|access my account) (now|again|)
        (i|we) (managed|was able|were able) to (solve|fix) it
        (i|we) (have|'ve|) (solved|fixed|figured|sorted) it (out|) (myself|ourselves|)
        understood; noted; (that|it|this) (all|) makes sense (now|); never mind; back to normal
    """),
    greet=_all("hi; hello; hey; dear; good (morning|afternoon|evening|day); greetings; hi there"),
    sign=_all("""
        (kind|best|warm|kindest|warmest|many|) regards; best wishes; all the best; sincerely
        yours (sincerely|truly|faithfully); best; cheers; yours; respectfully; kr; br; xx; xoxo
    """),
    fill=_all("""
        very; much; so; so much; a lot; lots; a (million|bunch|ton); again; once (again|more); indeed; really; kindly; truly; too; also; tons; heaps
        everyone; everybody; all; team; guys; folks; support team; sir; madam; ma'am; both; there
        for; your; the; this; that; you; to; of; and; with; i; am; i'm; we; are; was; is; it; it's; my; our; in; on
        help; helping (me|us|); to (me|us); for (me|us); out; support; assistance; reply; replying; response; responding; answer; answering; answers; update; updates; updating (me|us); information; info; explanation; explaining; clarification; clarifying; confirming; confirmation; letting (me|us) know; getting back to (me|us); looking into (it|this|that); sorting (it|this|that|everything) (out|); fixing (it|this|that|everything); resolving (it|this|that|everything|); solving (it|this|that|everything); taking (the|care of) (time|it|this|that); time; patience; effort; efforts; understanding; kindness; feedback; advice; tip; tips; instructions; solution; work; job; service; customer service; everything; attention
        quick; quickly; fast; speedy; prompt; promptly; swift; kind; great; excellent; amazing; wonderful; super; awesome; fantastic; brilliant; lovely; outstanding; good; helpful; perfect; perfectly; fine; nice; cool; ok; okay; wow; yay; hooray; well done; happy; glad; pleased; relieved; satisfied; impressed; now; today; big; huge; hugely; such; a; an; very helpful; be; being so; being; nicely; superb; great news; good news; of course; that's; you're; you've; been; were; have; has; had; done; always; as always; excellent work; hard work
        you (are|guys are|'re) (the best|amazing|great|awesome|a star|a lifesaver|a legend); you're (the best|amazing|great|awesome|a star|a lifesaver|a legend); made my day; you made my day; life saver; lifesaver
        (have|enjoy) a (nice|great|good|lovely|wonderful) (day|weekend|week|evening|one|afternoon|rest of your day|rest of the day); enjoy (your|the) (day|weekend|evening); (happy|merry) (holidays|christmas|new year); take care; bye; goodbye; god bless; no worries; keep up the good work; you too; same to you; 100%
    """),
    affirm=_all("yes; yep; yeah; yup; sure; correct"),
    titles=_all("mr; mrs; ms; miss; dr; prof"),
    before_for=("for", "and", "so", "very", "you", "that", "it", "this"),
    asks=_all(
        "is (it|that|this|everything|all|the|my); are (you|we|the|my); was (it|that|this); were you; have (you|we); has (it|that|this|the|my); had; is there; so is; and is; was i; am i; help; reply; answer; update; support; explanation; information; confirmation"
    ),
    never_names=_all("""
        but; still; however; not; no; please; refund; cancel; invoice; order; help; why; when; where; what; how; who; which; problem; issue; error; broken; complaint; unfortunately; sorry; wait; urgent; return; exchange; again; asap; call; question; ps; p.s; nothing; never; delivery; parcel; package; account; password; payment; pending; tomorrow; yet; though; although; except; only; stop; send; ship; replace; reopen; manager
        yes; maybe; again; monday; tuesday; wednesday; thursday; friday; saturday; sunday; tomorrow; next; also; another; money; price; cost; late; missing; wrong; failed; fail; fails; appointment; subscription; contract; warranty; address; number; status; tracking; receipt; shipping; unsolved; cancellation; replacement; discount; voucher; booking; reservation; claim; report; demo; meeting; feedback; instructions
    """),
)

_RU = Phrases(
    thanks=_all("""
        спасибо (вам|вам большое|вам огромное|большое|огромное|); спасибочки; спс; пасиб; благодарю; благодарим; благодарю вас; благодарна; благодарен; признателен; признательна; признательны; благодарность; большое спасибо; огромное спасибо
    """),
    solved=_all("""
        (всё|все|проблема|вопрос|проблему|вопрос уже|проблема уже|теперь всё|теперь все|уже всё|уже все|это|оно|у меня всё|у меня все|у нас всё|у нас все|наконец-то всё|наконец-то все) (теперь|уже|наконец|наконец-то|полностью|успешно|) (решена|решён|решен|решено|решилось|решилась|решился|заработало|работает|работает как надо|получилось|исправлено|исправили|починили|наладилось|восстановилось|устранена|снята|снят|закрыт|в порядке|хорошо|отлично|ок|понятно|ясно|помогло|пришло|дошло|прошло|сработало|починилось)
        (теперь|уже|снова|наконец-то|наконец|) (заработало|работает|получилось|решено|сработало|помогло|исправлено|разобрался|разобралась|разобрались|понял|поняла|поняли)
        (ваш совет|ваша инструкция|ваше решение|ваша подсказка|совет|инструкция|перезагрузка|это|ваша ссылка|новая ссылка) (мне|нам|) (очень|) (помог|помогла|помогло|сработал|сработала|сработало)
        вы (мне|нам|) (очень|) (помогли|всё решили|все решили|решили проблему|решили мою проблему|решили вопрос)
        (посылка|заказ|товар|деньги|письмо|возврат|посылку|заказ уже|деньги уже|счёт|счет|документы) (уже|сегодня|вчера|наконец|) (пришёл|пришел|пришла|пришли|дошёл|дошел|дошла|дошли|получил|получила|получили|вернулись|вернули|поступили|доставили|доставлен|получен|получена|получены|пришло|получено)
        (получил|получила|получили) (всё|все|посылку|заказ|деньги|письмо|счёт|счет|документы|возврат) (сегодня|вчера|уже|)
        вопросов (больше|) нет; больше вопросов (нет|не имею); вопрос (закрыт|снят|исчерпан); (можете|можно) (закрыть|закрывать) (заявку|обращение|вопрос|тикет|запрос|заявку|его|её); закрывайте (заявку|обращение|вопрос|тикет|); проблем больше нет; проблемы больше нет; больше ничего не (нужно|требуется|надо)
        (всё|все) (понял|поняла|поняли|понятно|ясно|в порядке|хорошо|отлично|супер|ок|нормально|получил|получила|получили|получилось); понятно; ясно; принято; понял; поняла; поняли; (это|) именно то что (нужно|надо|было нужно); (смог|смогла|смогли|удалось) (войти|зайти|оплатить|скачать|открыть|решить); я (смог|смогла) (войти|зайти|оплатить); (сам|сама|сами) (разобрался|разобралась|разобрались)
    """),
    greet=_all(
        "здравствуйте; добрый (день|вечер|утро); доброе утро; доброго (дня|времени суток|вечера|утра); привет; приветствую; уважаемый; уважаемая; уважаемые; дорогой; дорогая; день добрый"
    ),
    sign=_all(
        "с уважением; с наилучшими пожеланиями; с наилучшими; всего (доброго|хорошего|наилучшего); с благодарностью; с признательностью; удачи; ваш; ваша; искренне ваш"
    ),
    fill=_all("""
        большое; большущее; огромное; огромнейшее; вам; вас; тебе; всем; очень; ещё раз; еще раз; за; помощь; вашу; ваш; вашу помощь; ответ; быстрый; оперативный; оперативность; оперативную; подробный; развёрнутый; развернутый; быструю; быстроту; скорость; реакцию; поддержку; поддержка; поддержке; отзывчивость; терпение; внимание; понимание; информацию; разъяснение; разъяснения; пояснение; инструкцию; совет; подсказку; решение; работу; труд; заботу; содействие; участие; консультацию; качественную; отличную; отличная; отличный; хорошую; прекрасную; прекрасный; вежливость; помощь и; помогли; и; я; мы; мне; нам; так; всё; все; это; уже; теперь; сейчас; сегодня; уделённое время; уделенное время; время; что помогли; что ответили; что разобрались; что откликнулись; что так быстро; так быстро; быстро; быстро ответили; быстро помогли; оперативно; сервис; сервисом; отличный сервис; команда; команде; коллеги; ребята; друзья; девушка; девушки; специалисту; оператору; сотруднику; сотрудникам; вашей; вашему; вашим; службе; службе поддержки; техподдержке; от души; искренне; от всего сердца; душевное; человеческое; вы; лучшие; вы лучшие; вы супер; молодцы; супер; отлично; прекрасно; замечательно; великолепно; здорово; круто; класс; хорошо; ладно; ок; окей; ура; рад; рада; рады; довольна; доволен; довольны; очень довольна; был; была; были; приятно; за то; то; в; с; на; хорошего (дня|вечера|настроения); хороших выходных; приятного (дня|вечера); удачного дня; доброго дня; прекрасного дня; всего; успехов; вам и; с праздником; с наступающим; до свидания; взаимно; и вам; вам тоже; не стоит благодарности; господин; госпожа; подробную; такой; такую; профессионализм; выручили; очень выручили; спасли
    """),
    affirm=_all("да; ага; верно; конечно"),
    titles=_all("господин; госпожа; г-н; г-жа"),
    before_for=("за", "и", "вам", "что", "большое", "всё", "все"),
    asks=_all("помощь; ответ; инструкцию; консультацию; информацию; решение"),
    never_names=_all("""
        но; однако; не; нет; пожалуйста; верните; отмените; отмена; возврат; счёт; счет; заказ; помогите; почему; когда; где; что; как; кто; зачем; сколько; проблема; ошибка; жалоба; жду; ждём; срочно; вопрос; ещё; еще; опять; снова; пришлите; отправьте; позвоните; если; только; пока; хотя; увы; завтра; доставка; посылка; деньги; пароль; аккаунт; ничего; никто; никогда; постскриптум; да; может; отправляйте; перезвоните
    """),
)

_ZH = Phrases(
    thanks=_all("""
        谢谢; 谢谢您; 谢谢你; 谢谢你们; 多谢; 感谢; 非常感谢; 十分感谢; 感激; 感激不尽; 谢啦; 谢了; 谢过; 辛苦了; 辛苦; 辛苦您了; 辛苦你们了; 麻烦您了; 麻烦你了; 麻烦你们了; 万分感谢; 衷心感谢; 感恩; thanks; thank; thankyou; thx; 3q; 蟹蟹; 謝謝; 感謝; 多謝; 不胜感激
    """),
    solved=_all("""
        (包裹|快递|货|东西|订单|发票|文件|资料|邮件|验证码|换货|退款|钱|款项)(我|)(已经|已|都|刚刚|今天|也|)(收到|到|到账|送到|送达|拿到|退回|退回来)(了|啦|); (收到|拿到)(包裹|快递|货|东西|发票|文件|资料|邮件|退款|钱)(了|啦|); (账号|系统|软件|网站|网络|设备|机器|程序|app)(现在|已经|已|也|都|)(可以用|能用|可以登录|能登录|恢复|恢复正常|正常|好|修好|可以|好用)(了|啦); 解决了; 已解决; 已经解决; 已经解决了; 搞定; 搞定了; 修好; 修好了; 好用了; 可以用了; 能用了; 可以了; 好了; 恢复; 恢复了; 恢复正常; 正常; 正常了; 成功; 成功了; 登录上了; 能登录了; 可以登录了; 登上了; 收到; 收到了; 已收到; 已经收到; 已经收到了; 到账; 到账了; 已到账; 已经到账; 已经到账了; 退款收到了; 明白; 明白了; 了解; 了解了; 懂了; 知道了; 清楚; 清楚了; 没问题; 没问题了; 没有问题; 没有问题了; 没有其他问题; 没有其他问题了; 没有别的问题; 没有别的问题了; 没其他问题了; 没别的问题了; 没有疑问了; 不需要其他帮助了; 可以关闭; 可以关闭了; 可以关单; 可以结案; 可以结束; 请关闭工单; 可以关闭工单; 可以关闭工单了; 工单可以关闭; 工单可以关了; 可以关了; 正是我需要的; 正是我想要的; 帮了大忙; 帮了(我|我们)大忙; 帮(您|你)解决; (帮我|帮我们|给我|给我们|为我|为我们)解决了(问题|这个问题|); 问题(都|已经|已|现在|全部|终于|)解决(了|啦);  帮大忙了; 很有帮助; 非常有帮助; 有用; 很有用; 管用; 很管用; 有效; 奏效; 已处理好; 处理好了; 弄好了; 办好了; 送到了; 已送达; 修复了; 已修复; 解決; 解決了
    """),
    greet=_all(
        "您好; 你好; 你们好; 嗨; 哈喽; 早上好; 下午好; 晚上好; 尊敬的; 亲爱的; 亲; hi; hello; 大家好"
    ),
    sign=_all("此致; 敬礼; 祝好; 顺祝商祺; 敬上; 谨上"),
    fill=_all("""
        的; 了; 啦; 啊; 呀; 哦; 喔; 哈; 哈哈; 嘻嘻; 噢; 您; 你; 你们; 我; 我们; 我的; 您的; 你的; 你们的; 给; 对; 对于; 为; 以及; 和; 也; 又; 都; 就; 很; 太; 真; 真的; 真是; 非常; 解决; 十分; 特别; 超级; 这么; 如此; 再次; 再一次; 现在; 刚刚; 刚才; 今天; 终于; 已; 已经; 问题; 这个问题; 事情; 这件事; 全部; 所有; 一切; 都很; 现在都; 帮助; 帮忙; 帮我; 帮我们; 协助; 支持; 回复; 答复; 解答; 回答; 解释; 说明; 指导; 建议; 提醒; 耐心; 耐心解答; 及时; 快速; 迅速; 快; 速度; 效率; 效率真高; 高; 服务; 客服; 客服人员; 态度; 态度好; 团队; 各位; 大家; 老师; 先生; 女士; 小姐; (的|及时|快速|迅速|这么快|您|你|你们|帮我|帮忙)处理; 处理(得|速度|的); 关注; 理解; 配合; 付出; 努力; 工作; 专业; 贴心; 热情; 周到; 用心; 好; 好的; 很好; 太好了; 太棒了; 棒; 真棒; 真好; 赞; 点赞; 厉害; 不错; 满意; 很满意; 非常满意; 开心; 高兴; 行; 嗯; 嗯嗯; ok; okay; 完美; 优秀; 给力; 一直; 以来; 祝; 祝您; 祝你; 祝你们; 生活愉快; 工作愉快; 工作顺利; 周末愉快; 一切顺利; 顺利; 愉快; 幸福; 身体健康; 新年快乐; 节日快乐; 万事如意; 再见; 拜拜; 没事了; 不客气; 按照; 按; 方法; 操作; 用; 这个方法; 那个方法; 这样; 让; 得到; you; so; much; 啊啊; 呐; 之前; 反馈; 五星; 好评; 五星好评; 给您; 给你们
    """),
    affirm=_all("是的; 对的; 是"),
    asks=_all(
        "帮我; 给我; 帮忙; 协助; 回复; 解答; 回答; 处理; 解决问题; 解释; 说明; 支持; 帮助我; 让我; 让你们; 对我; 为我"
    ),
    cased=False,
)

_BG = Phrases(
    thanks=_all("""
        благодаря; благодарим; благодаря ви; благодарим ви; благодаря ти; мерси; благодарен; благодарна; благодарни; благодарности; много благодаря; признателен; признателна; признателни; благодарско; сърдечно благодаря
    """),
    solved=_all("""
        (всичко|проблемът|проблема|въпросът|въпроса|това|вече всичко|сега всичко|нещата|работата) (вече|сега|най-накрая|напълно|успешно|е|е вече|вече е|сега е|се|вече се|) (решен|решено|реши|се реши|е решен|е решено|е наред|наред|работи|тръгна|проработи|стана|се оправи|оправи|се получи|получи|е ясно|ясно|е ок|е добре|добре|е оправено|оправено|е отстранен|отстранен|помогна|свърши работа|е чудесно|е перфектно|е уредено)
        (вече|сега|най-накрая|отново|) (работи|тръгна|проработи|стана|получи се|оправи се|реши се|решено|оправено|уредено) (отлично|добре|перфектно|нормално|без проблем|без проблеми|)
        (съветът ви|съветът|инструкцията|инструкциите|решението|рестартирането|новият линк|линкът|това) (ми|ни|) (много|) (помогна|помогнаха|свърши работа|проработи)
        (много|) ми (помогнахте|помогна); (много|) ни помогнахте; помогнахте (ми|ни) (много|); решихте (проблема|ми проблема|проблема ми|въпроса|всичко); оправихте (го|всичко|проблема)
        (пратката|поръчката|парите|сумата|пакетът|колетът|фактурата|документите|стоката) (вече|днес|вчера|току-що|) (пристигна|пристигнаха|дойде|дойдоха|е тук|е получена|са получени|са възстановени|ми е възстановена|е доставена|получих|е при мен)
        (получих|получихме|взех) (го|я|ги|всичко|пратката|поръчката|парите|сумата|пакета|колета|фактурата|документите|имейла) (днес|вчера|вече|)
        (нямам|нямаме) (повече|други|) въпроси; (няма|нямам) повече проблеми; (можете|може) да (затворите|затворя|приключите|приключим) (заявката|запитването|случая|тикета|сигнала); (случаят|въпросът|заявката) (е|) (приключен|приключена|затворен|затворена); (успях|успяхме) да (вляза|влезем|платя|отворя|го реша|се справя|изтегля)
        (точно|) (това|) (което|каквото) ми трябваше; (всичко|) (ми е|е|) (ясно|разбрано); разбрах; разбрано; ясно; разбирам; оправих се; (справих|справихме) се (сам|сама|сами|); наред е; готово; решено; приключено; без проблеми вече
    """),
    greet=_all(
        "здравейте; здравей; здрасти; добър (ден|вечер); добро утро; уважаеми; уважаема; скъпи; скъпа; привет"
    ),
    sign=_all(
        "с уважение; (с|) поздрави; поздрави; с най-добри пожелания; (лек|приятен|хубав|успешен|спокоен) (ден|уикенд|вечер); лека вечер; хубава вечер; приятна вечер; лека; сърдечни поздрави; ваш; ваша; с благодарност"
    ),
    fill=_all("""
        много; най-много; ви; вас; ти; на; всички; за; помощта; помощ; вашата; вашата помощ; бързата; бърза; бързия; бързият; навременната; навременния; изчерпателния; изчерпателната; подробния; подробната; отговор; отговора; реакция; реакцията; съдействие; съдействието; оказаното; оказаната; оказано; оказана; информация; информацията; разяснение; разяснението; пояснението; обяснението; съвет; съвета; съветите; инструкциите; решение; решението; търпение; търпението; разбиране; разбирането; внимание; вниманието; отделеното; време; времето; отделеното време; усилия; усилията; поддръжка; поддръжката; обслужване; обслужването; отлично; отличното; отличната; отличен; страхотно; страхотното; страхотни; страхотна; чудесно; чудесното; прекрасно; прекрасното; професионализъм; професионализма; отзивчивост; отзивчивостта; работа; работата; колега; колеги; колегите; екип; екипа; екипът; екипа ви; и; я; се; съм; сме; сте; е; си; още веднъж; отново; пак; от сърце; искрено; наистина; толкова; така; че; че ми помогнахте; че ни помогнахте; че отговорихте; че реагирахте; бързо; толкова бързо; че се отзовахте; съдействахте; вие; сте супер; сте най-добрите; най-добрите; сте страхотни; супер; перфектно; браво; ок; окей; добре; екстра; идеално; радвам се; доволен; доволна; доволни; доволен съм; доволна съм; сега; вече; днес; с; от; в; всичко; всичко добро; всичко хубаво; успех; успехи; бъдете здрави; жив и здрав; живи и здрави; весели празници; честита нова година; чао; довиждане; до скоро; и на вас; и вие; подобно; господине; госпожо; благодаря; мило; мила; мили; момичета; момчета; както винаги; ура; това; оценявам; оценявам го; огромно; огромни; ценя; го; спасихте ме; спасихте ни; спасихте
    """),
    affirm=_all("да; точно така; разбира се"),
    titles=_all("господин; госпожо; господине; г-н; г-жо; г-жа"),
    before_for=("за", "и", "много", "че", "ви"),
    asks=("помощ", "отговор", "решение", "информация", "съдействие", "работи ли", "решено ли"),
    never_names=_all("""
        но; обаче; не; няма; моля; върнете; откажете; отказ; отмяна; фактура; фактурата; поръчка; поръчката; помощ; помогнете; защо; кога; къде; какво; как; кой; колко; проблем; проблемът; грешка; жалба; рекламация; чакам; чакаме; спешно; въпрос; още; пак; изпратете; обадете; ако; само; засега; макар; утре; доставка; доставката; пратка; пратката; пари; парола; акаунт; нищо; никой; никога; да; може; обаждане
    """),
)

_ES = Phrases(
    thanks=_all("""
        gracias; muchas gracias; muchísimas gracias; mil gracias; grax; se agradece; (les|le|te|os|lo|) (agradezco|agradecemos); agradecido; agradecida; agradecidos; muy amable; muy amables
    """),
    solved=_all("""
        (ya|ahora|todo|ya todo|el problema|mi problema|todo ya|esto|eso|el asunto|la incidencia|) (ya|) (está|ha sido|quedó|se ha|quedo|ha quedado|fue|) (ya|todo|completamente|) (solucionado|resuelto|arreglado|solucionó|resolvió|solventado|solventada|solucionada|resuelta|en orden|claro|perfecto|listo|correcto)
        (ya|ahora|todo|ahora ya|ahora sí|ya me|ya nos|ahora sí que|ya sí|por fin|ya todo|ahora todo|) (funciona|funcionó|funcionan|va|sirvió|funciona todo|ha funcionado) (perfectamente|bien|perfecto|correctamente|de nuevo|muy bien|genial|otra vez|de maravilla|todo|)
        (ya|) (he recibido|recibí|hemos recibido|recibimos|me ha llegado|me llegó|llegó|ha llegado|tengo) (el paquete|el pedido|mi pedido|mi paquete|el reembolso|el dinero|la factura|el correo|el código|todo|los documentos) (hoy|ayer|ya|esta mañana|)
        (el paquete|el pedido|mi pedido|mi paquete|el reembolso|el dinero|la factura) (ya|) (ha llegado|llegó|me llegó|me ha llegado|está aquí) (hoy|ayer|)
        (ya|) (pude|he podido|puedo|pudimos|logré|conseguí) (entrar|acceder|iniciar sesión|pagar|solucionarlo|resolverlo|descargarlo) (ya|)
        (me|nos|) (ha|han|) (sido de gran ayuda|sirvió|solucionaron el problema|solucionó el problema|resolvieron el problema|solucionado el problema|resuelto el problema|ayudó mucho|ayudado mucho|ayudaron mucho)
        no tengo más (preguntas|dudas); sin más dudas; nada más; eso es todo; (pueden|puede|puedes) cerrar (el|la|este|mi) (caso|ticket|incidencia|consulta|solicitud); (problema|asunto|caso) (resuelto|solucionado|cerrado); (me ha quedado|me queda|queda|todo|quedó) (todo|) claro; entendido; de acuerdo; todo (bien|correcto|perfecto|en orden|listo|ok|claro) (ya|ahora|); justo lo que necesitaba; ya está; listo; solucionado; resuelto; duda resuelta; ya lo (tengo|solucioné|resolví|he solucionado|he resuelto)
    """),
    greet=_all(
        "hola; (buenos|buen) (días|dia|día); buenas (tardes|noches|); buenas; estimado; estimada; estimados; querido; querida; apreciado"
    ),
    sign=_all(
        "saludos; un saludo; (un|) cordial saludo; saludos cordiales; atentamente; un abrazo; abrazos; muchos saludos; besos; cordialmente; reciban un cordial saludo"
    ),
    fill=_all("""
        muchas; muchísimas; mil; por; la; el; los; las; lo; su; tu; sus; vuestra; vuestro; y; a; de; con; en; que; ya; muy; mucho; tan; tanto; toda; todo; todos; todas; todo el; ayuda; ayudarme; ayudarnos; haberme ayudado; atención; respuesta; responder; contestar; rapidez; rápida; rápido; pronta; pronto; paciencia; tiempo; apoyo; información; aclaración; aclararlo; aclararme; explicación; gestión; solución; solucionarlo; resolverlo; amabilidad; interés; esfuerzo; servicio; trabajo; excelente; excelentes; gran; buen; buena; bueno; genial; perfecto; estupendo; fantástico; maravilloso; magnífico; fenomenal; increíble; amable; eficaz; eficiente; eficiencia; profesionalidad; equipo; soporte; chicos; señor; señora; señorita; ok; vale; bien; súper; super; de nuevo; nuevamente; otra vez; de verdad; de corazón; sinceramente; infinitas; son los mejores; sois los mejores; eres el mejor; sois geniales; muy contento; muy contenta; contento; contenta; satisfecho; satisfecha; estoy; quedo; quedamos; es; son; ha; sido; han; fue; me; nos; les; te; le; os; hoy; ahora; que tengan; que tenga; que tengas; feliz; (buen|bonito|lindo|excelente) (día|fin de semana|tarde); feliz (día|navidad|año nuevo|semana|tarde|fin de semana); igualmente; adiós; hasta luego; hasta pronto; bendiciones; cuídense; un placer; encantado; encantada; una; un; al
    """),
    affirm=_all("sí; si; claro; correcto"),
    titles=_all("sr; sra; señor; señora; don; doña; srta"),
    before_for=("por", "y", "muchas", "de"),
    asks=("está todo", "es correcto", "ayuda", "respuesta", "solución", "servicio", "soporte"),
    never_names=_all(
        "pero; sin; no; sin embargo; aunque; por favor; reembolso; factura; pedido; cancelar; cancelación; ayuda; cuándo; cuando; dónde; qué; cómo; quién; problema; error; queja; espero; urgente; pregunta; todavía; aún; devolución; mañana; envío; paquete; dinero; cuenta; contraseña; nada; nunca; sí; tal; llamar; favor"
    ),
)

_DE = Phrases(
    thanks=_all("""
        danke; danke schön; dankeschön; vielen dank; herzlichen dank; besten dank; tausend dank; lieben dank; dank; ich danke; wir danken; bedanke mich; bedanken uns; merci; 1000 dank; vergelts gott; dankbar; (großen|ganz lieben|ganz herzlichen|recht herzlichen) dank
    """),
    solved=_all("""
        (es|das|alles|jetzt|nun|das problem|mein problem|problem|die sache|das thema|das anliegen|mein anliegen|die frage|der fehler|das konto) (ist|hat sich|wurde|wäre|scheint|) (jetzt|nun|damit|somit|schon|bereits|inzwischen|endlich|nun alles|jetzt alles|) (gelöst|behoben|erledigt|geklärt|beseitigt|repariert|in ordnung|klar|ok|okay|gut|bestens|da|angekommen|super|perfekt)
        (es|das|alles|jetzt|nun|damit|der zugang|der login|die anmeldung|der code|der link|der neue link) (funktioniert|klappt|läuft|geht|hat geklappt|hat funktioniert|hat geholfen|hat mir geholfen|hat mir sehr geholfen|hat super geklappt|funktionierte) (jetzt|nun|wieder|alles|auch|bei mir|endlich|) (alles|wieder|einwandfrei|super|prima|perfekt|bestens|gut|problemlos|wunderbar|tadellos|)
        (jetzt|nun|damit) (funktioniert|klappt|läuft|geht|ist) (es|alles|das) (wieder|auch|jetzt|endlich|) (einwandfrei|super|prima|perfekt|bestens|gut|klar|erledigt|geklärt|in ordnung|)
        (hat|es hat|das hat) (jetzt|alles|mir|uns|) (geklappt|funktioniert|geholfen|weitergeholfen|sehr geholfen|sehr weitergeholfen|super geklappt|gut geklappt|alles gut geklappt)
        (sie haben|du hast|ihr habt) (mir|uns) (sehr|super|) (geholfen|weitergeholfen)
        (das|mein|die|der|das neue) (paket|päckchen|ware|geld|rechnung|lieferung|erstattung|ersatz|gerät|sendung) (ist|wurde|) (heute|gestern|jetzt|nun|inzwischen|gut|bereits|) (angekommen|da|eingetroffen|erhalten|geliefert|zugestellt|eingegangen)
        (habe|ich habe|haben|wir haben) (das|die|den|mein|meine|alles) (paket|geld|rechnung|lieferung|erstattung|ware|mail|e-mail|unterlagen|) (heute|gestern|jetzt|nun|) (erhalten|bekommen)
        (ich|wir) (kann|können|konnte) (mich|uns|es) (jetzt|nun|wieder|) (wieder|) (anmelden|einloggen|lösen)
        keine (weiteren|) fragen (mehr|); (ich habe|habe) keine (weiteren|) fragen (mehr|); keine probleme mehr; (das ticket|der fall|die anfrage|ticket|sie) (kann|können) (geschlossen werden|das ticket schließen|den fall schließen|die anfrage schließen); (sie können|du kannst|ihr könnt) (das|den|die) (ticket|fall|anfrage|vorgang) (jetzt|nun|gerne|) schließen; problem gelöst; erledigt; gelöst; geklärt; hat sich erledigt; alles (klar|gut|bestens|in ordnung|geklärt|erledigt|paletti|okay|ok|super|perfekt); verstanden; genau das (habe ich gebraucht|was ich gebraucht habe|was ich brauchte); passt; passt alles; passt so; das wars; das war's; das war alles; klappt; funktioniert; läuft; geht wieder; funktioniert wieder; klappt wieder
    """),
    greet=_all(
        "hallo; hi; hey; guten (tag|morgen|abend); sehr geehrte; sehr geehrter; sehr geehrte damen und herren; liebe; lieber; liebes; grüß gott; moin; servus; damen; herren; und herren; frau; herr"
    ),
    sign=_all(
        "mit (freundlichen|freundlichem|besten|herzlichen|lieben|vielen) (grüßen|gruß|gruss|gruessen); (viele|liebe|beste|freundliche|herzliche|schöne|sonnige) (grüße|gruesse); (lieben|schönen|freundlichen|herzlichen|besten) gruß; grüße; gruß; mfg; lg; vg; bg; hochachtungsvoll; herzlichst; ihr; ihre; dein; deine"
    ),
    fill=_all("""
        vielen; herzlichen; schön; sehr; für; die; das; den; der; dem; ihre; ihren; ihr; ihnen; euch; dir; eure; deine; deinen; euer; und; auch; so; mich; uns; ich; wir; bin; sind; ist; war; mal; nochmal; nochmals; noch einmal; noch mal; recht; ganz; echt; wirklich; total; mega; richtig; hilfe; tolle; toller; tollen; super; prima; toll; klasse; spitze; perfekt; wunderbar; großartig; ausgezeichnet; hervorragend; hervorragenden; gut; gute; guten; bestens; top; schnelle; schnellen; schneller; schnell; rasche; raschen; rasch; prompte; prompten; zügige; zügigen; nette; netten; freundliche; freundlichen; kompetente; kompetenten; unkomplizierte; unkomplizierten; ausführliche; ausführlichen; antwort; rückmeldung; unterstützung; bemühungen; bemühung; mühe; geduld; zeit; info; infos; information; informationen; auskunft; erklärung; bearbeitung; lösung; klärung; erledigung; service; arbeit; beratung; einsatz; verständnis; tipp; tipps; hinweis; rat; nachricht; update; team; kundenservice; support; leute; zusammen; alle; allen; an; an alle; an das; ganze; von; mit; bei; zu; alles; jetzt; heute; nun; freue mich; freut mich; freue mich sehr; glücklich; zufrieden; sehr zufrieden; begeistert; ok; okay; ja super; ah; aha; oh; (einen|ein|) (schönen|schönes|guten|angenehmen) (tag|abend|wochenende|feierabend|nachmittag|tag noch|abend noch); schönes wochenende; wünsche; wünsche ihnen; ich wünsche; noch; frohe weihnachten; guten rutsch; gesundes neues jahr; frohes neues; tschüss; bis dann; alles gute; alles liebe; ebenfalls; gleichfalls; ebenso; sie sind die besten; ihr seid die besten; ihr seid super; der beste; die besten; weiter so; wie immer; geholfen; geholfen haben; dass sie mir geholfen haben; dass das so schnell geklappt hat; dass es so schnell ging; es; hat; haben; meinerseits; deshalb
    """),
    affirm=_all("ja; genau; stimmt; jawohl"),
    titles=_all("herr; herrn; frau; dr; prof"),
    before_for=("für", "und", "dass"),
    asks=_all(
        "ist (es|das|alles|der|die|mein); sind; war das; hat (es sich|das sich); haben; hilfe; antwort; rückmeldung; info; geht es; geht das; funktioniert das; funktioniert es; klappt das; klappt es; läuft es; kann; können"
    ),
    never_names=_all(
        "aber; jedoch; nicht; kein; keine; leider; bitte; rechnung; erstattung; storno; stornierung; bestellung; lieferung; hilfe; wann; wo; warum; was; wie; wer; problem; fehler; beschwerde; dringend; frage; noch; trotzdem; rückgabe; umtausch; morgen; paket; geld; konto; passwort; nichts; niemals; allerdings; nur; doch; rückruf; ps; anruf; antwort; mahnung; kündigung; ja; montag; dienstag; mittwoch; donnerstag; freitag; termin; status; adresse; reparatur; garantie; gutschrift; ersatz; versand"
    ),
    lone_names=False,
)

_FR = Phrases(
    thanks=_all("""
        merci; merci beaucoup; mille mercis; un grand merci; mercis; grand merci; (je|nous) (vous|te) (remercie|remercions); remerciements; (je|nous) remercie; vous remercie; vous remerciant; reconnaissant; reconnaissante; remercier
    """),
    solved=_all("""
        (tout|c'|ça|cela|le problème|mon problème|ce problème|problème|l'incident|le souci|mon souci|la situation|maintenant tout|c'est|) (est|a été|a bien été|s'est|) (maintenant|enfin|désormais|bien|bel et bien|à présent|) (résolu|réglé|réparé|rétabli|corrigé|en ordre|clair|parfait|bon|rentré dans l'ordre|ok|arrangé|solutionné)
        (tout|ça|cela|maintenant ça|maintenant tout|maintenant cela) (fonctionne|marche|a marché|a fonctionné|m'a aidé|m'a bien aidé|refonctionne|remarche|a résolu le problème|a résolu mon problème|va bien) (maintenant|bien|parfaitement|très bien|à nouveau|de nouveau|enfin|correctement|à merveille|nickel|désormais|)
        (votre|ta|la|cette) (solution|aide|réponse|manipulation|astuce|manip) (a|m'a|) (fonctionné|marché|résolu le problème|résolu mon problème|beaucoup aidé|bien aidé)
        vous (m'avez|nous avez) (beaucoup|bien|vraiment|) (aidé|aidée|dépanné|sauvé|dépannée)
        (j'ai|nous avons|on a) (bien|) (reçu|récupéré|retrouvé) (le|la|mon|ma|les|l'|mes|notre) (colis|commande|remboursement|facture|courriel|mail|argent|code|documents|accès|compte) (ce matin|aujourd'hui|hier|)
        (le|la|mon|ma) (colis|commande|remboursement|facture) (est|a été|) (bien|) (arrivé|arrivée|reçu|reçue|livré|livrée) (ce matin|aujourd'hui|hier|)
        (j'ai|je|nous) (pu|peux|ai pu|ai réussi à|réussi à|avons pu|arrive à) (maintenant|) (me connecter|accéder à mon compte|payer|le résoudre|régler le problème)
        (je n'ai|nous n'avons) (plus|pas) (d'autres questions|d'autre question|de questions|de question); plus (aucun|de) (problème|souci|problèmes); pas d'autres questions; rien d'autre; c'est tout (bon|); vous pouvez (clore|fermer|clôturer) (le|la|ce|mon) (ticket|dossier|demande|cas); (problème|souci|incident|dossier) (résolu|réglé|clos); c'est (bon|parfait|réglé|résolu|clair|noté|compris|tout bon|exactement ce qu'il me fallait|ok) (pour moi|maintenant|désormais|); bien (reçu|compris|noté); compris; noté; c'est noté; tout est (ok|bon|clair|parfait|en ordre|rentré dans l'ordre); ça marche; résolu; réglé
    """),
    greet=_all(
        "bonjour; bonsoir; salut; chère; cher; madame; monsieur; madame monsieur; bonjour à tous; coucou; mesdames; messieurs"
    ),
    sign=_all(
        "cordialement; bien cordialement; bien à vous; sincèrement; (mes|) (salutations|meilleures salutations); sincères salutations; (bonne|belle) (journée|soirée|continuation|fin de journée|semaine|après-midi); bon (week-end|weekend|après-midi|courage); amicalement; à bientôt; respectueusement; cdt; cdlt; bàv; salutations distinguées; bises"
    ),
    fill=_all("""
        beaucoup; infiniment; énormément; mille; encore; encore une fois; à nouveau; de nouveau; pour; votre; vos; ta; ton; tes; l'aide; aide; de m'avoir aidé; de m'avoir aidée; de nous avoir aidés; m'avoir aidé; d'avoir pris le temps; d'avoir résolu le problème; d'avoir répondu si vite; la; le; les; l'; cette; ce; ces; et; de; d'; à; au; aux; du; des; en; réponse; retour; réactivité; rapidité; rapide; rapides; si; très; bien; si rapidement; rapidement; patience; temps; soutien; assistance; support; information; informations; renseignements; précisions; explications; explication; conseil; conseils; disponibilité; gentillesse; amabilité; efficacité; efficace; professionnalisme; travail; service; intervention; solution; suivi; compréhension; attention; équipe; toute; tous; toutes; tout; excellent; excellente; super; génial; parfait; parfaite; impeccable; nickel; top; formidable; extraordinaire; magnifique; merveilleux; bravo; ok; d'accord; bon; bonne; c'est; c'était; est; suis; sommes; vraiment; ravi; ravie; content; contente; satisfait; satisfaite; je; j'; nous; vous; vous êtes; les meilleurs; au top; géniaux; formidables; avez; été; aujourd'hui; maintenant; grand; grande; sincèrement; du fond du cœur; du fond du coeur; chaleureusement; joyeux noël; bonne année; bonnes fêtes; pareillement; vous aussi; à vous aussi; à vous; à toute l'équipe; au revoir; un; une; précieuse; précieux; sympa; m'; qualité; vous souhaite; souhaite; agréable; excellente journée; vraiment; quelle
    """),
    affirm=_all("oui; ouais; exact; tout à fait; effectivement"),
    titles=_all("m; mme; madame; monsieur; mlle; dr"),
    before_for=("pour", "et", "de", "beaucoup"),
    asks=("est-ce", "aide", "réponse", "avez", "suis", "vous avez", "retour", "solution"),
    never_names=_all(
        "mais; cependant; pourtant; toutefois; pas; ne; non; svp; remboursement; facture; commande; annulation; annuler; aide; quand; où; quoi; comment; pourquoi; qui; combien; problème; erreur; réclamation; plainte; attente; urgent; question; encore; retour; échange; demain; livraison; colis; argent; compte; rien; jamais; oui; sauf; hélas; rappel; rappelez"
    ),
)

_PT = Phrases(
    thanks=_all("""
        obrigado; obrigada; obrigadão; obg; brigado; brigada; muito obrigado; muito obrigada; obrigados; (agradeço|agradecemos|agradecido|agradecida|agradecidos); valeu; grato; grata; gratidão; gratos; agradecimentos
    """),
    solved=_all("""
        (já|agora|tudo|já tudo|agora tudo|o problema|meu problema|o meu problema|isso|a situação|a questão|) (já|) (está|foi|ficou|tá|está tudo|ficou tudo|se|) (tudo|já|finalmente|completamente|) (resolvido|resolvida|solucionado|solucionada|resolveu|consertado|arranjado|certo|em ordem|ok|esclarecido|esclarecida|claro|perfeito|pronto|funcionando|a funcionar|corrigido)
        (já|agora|agora já|tudo|agora sim|já está|agora está|agora tudo|finalmente|isso|) (funciona|funcionou|deu certo|resolveu|resolveu o problema|resolveu meu problema|ajudou muito|me ajudou muito|está a funcionar|está funcionando|voltou a funcionar) (tudo|perfeitamente|bem|normalmente|muito bem|perfeito|direitinho|novamente|outra vez|de novo|aqui|)
        (já|) (recebi|recebemos|chegou|chegaram) (o|a|meu|minha|os|) (pacote|encomenda|pedido|reembolso|dinheiro|fatura|produto|e-mail|email|documentos|tudo) (hoje|ontem|já|direitinho|)
        (o|a|meu|minha|o meu|a minha) (pacote|encomenda|pedido|reembolso|dinheiro|produto) (já|) (chegou|caiu|foi recebido|foi recebida|foi entregue) (hoje|ontem|)
        (já|) (consegui|conseguimos|consigo|pude) (entrar|acessar|aceder|resolver|pagar|fazer login|baixar|acessar minha conta|entrar na conta) (agora|já|)
        (não tenho|sem) mais (dúvidas|perguntas|nenhuma dúvida); nada mais; é só isso; era só isso; era isso; (pode|podem) (fechar|encerrar) (o|a|este|esse) (chamado|ticket|caso|pedido|atendimento|solicitação|processo); (problema|caso|assunto) (resolvido|encerrado|solucionado); (tudo|) (entendido|esclarecido|compreendido|certo|ok|claro|perfeito|tranquilo|resolvido); entendi; exatamente o que eu precisava; era exatamente o que eu precisava; resolvido; (agora|já|) está tudo (certo|bem|em ordem|ok); já (recebi|recebemos|chegou); (vocês|você) (me|nos|) (ajudaram|ajudou|salvaram) (muito|); deu tudo certo
    """),
    greet=_all(
        "olá; oi; (bom|boa) (dia|tarde|noite); prezado; prezada; prezados; caro; cara; caros; estimado; estimados; opa"
    ),
    sign=_all(
        "atenciosamente; (com os melhores|melhores|) cumprimentos; cumprimentos; abraço; abraços; um abraço; att; cordialmente; saudações; beijos; com estima; forte abraço; grande abraço"
    ),
    fill=_all("""
        muito; muitíssimo; mesmo; demais; mais uma vez; novamente; outra vez; de novo; pela; pelo; pelas; pelos; por; a; o; as; os; à; ao; e; de; da; do; em; com; que; sua; seu; suas; vossa; vosso; tua; teu; toda; todo; todos; todas; tudo; ajuda; ajudar; me ajudar; terem ajudado; ajudarem; atenção; resposta; retorno; rapidez; agilidade; rápida; rápido; pronta; prontidão; paciência; tempo; apoio; suporte; informação; informações; esclarecimento; esclarecimentos; explicação; solução; resolver; resolver o problema; simpatia; gentileza; disponibilidade; eficiência; cuidado; esforço; serviço; trabalho; atendimento; profissionalismo; excelente; ótimo; ótima; óptimo; bom; boa; perfeito; perfeita; maravilhoso; maravilha; fantástico; incrível; sensacional; show; show de bola; top; beleza; legal; bacana; fixe; impecável; nota 10; nota dez; parabéns; equipe; equipa; pessoal; gente; senhor; senhora; ok; okay; certo; bem; super; vocês; você; são; é; foi; estou; fiquei; fico; ficamos; sou; muito feliz; feliz; satisfeito; satisfeita; contente; os melhores; são os melhores; são demais; são incríveis; me; nos; lhe; lhes; vos; eu; nós; já; agora; hoje; tão; (tenha|tenham|tenha um|tenham um|tenha uma|um|uma|) (bom|boa|ótimo|ótima|excelente) (dia|tarde|noite|fim de semana|semana|final de semana); feliz natal; feliz ano novo; igualmente; para você também; para vocês; tchau; até logo; até mais; adeus; deus abençoe; fique com deus; de coração; sinceramente; imensamente; um; uma; grande; sempre; como sempre; salvaram o meu dia; salvou meu dia
    """),
    affirm=_all("sim; isso mesmo; exato; claro"),
    titles=_all("sr; sra; senhor; senhora; dona; dr; dra"),
    before_for=("pela", "pelo", "por", "e"),
    asks=("ajuda", "resposta", "retorno", "está tudo", "foi", "suporte", "solução", "informações"),
    never_names=_all(
        "mas; porém; contudo; entretanto; não; ainda; por favor; reembolso; fatura; pedido; cancelar; cancelamento; ajuda; quando; onde; que; como; quem; porque; por; problema; erro; reclamação; aguardo; urgente; pergunta; dúvida; devolução; troca; amanhã; entrega; pacote; dinheiro; conta; senha; nada; nunca; sim; só; embora; ligar; liguem; encomenda"
    ),
)

_IT = Phrases(
    thanks=_all("""
        grazie; grazie mille; mille grazie; molte grazie; tante grazie; grazie infinite; (vi|la|ti|) (ringrazio|ringraziamo); ringraziamenti; grato; grata; riconoscente; grz; grassie; grazie di cuore; grazie tante
    """),
    solved=_all("""
        (ora|adesso|tutto|il problema|ora tutto|adesso tutto|il mio problema|la questione|questo|ciò|) (è|è stato|è stata|si è|ha|) (tutto|ora|stato|finalmente|completamente|) (risolto|risolta|sistemato|sistemata|a posto|in ordine|chiaro|ok|perfetto|riparato|chiarito|chiarita)
        (ora|adesso|tutto|ora tutto|adesso tutto|finalmente|la soluzione|il link|il nuovo link|il codice|) (funziona|ha funzionato|va|va bene|è andato|mi ha aiutato|ha risolto|ha risolto il problema|ha risolto tutto|è tornato a funzionare|riesco ad accedere|riesco a entrare) (tutto|perfettamente|bene|benissimo|di nuovo|correttamente|alla perfezione|perfetto|)
        (ho|abbiamo) (ricevuto|risolto) (il|la|i|tutto|il mio|) (pacco|ordine|rimborso|fattura|denaro|problema|email|e-mail|documenti|merce|codice|) (oggi|ieri|stamattina|)
        (il|la|il mio|la mia|l'ordine|) (pacco|rimborso|merce|fattura|) (è|) (arrivato|arrivata) (oggi|ieri|stamattina|)
        (sono riuscito|sono riuscita|siamo riusciti|riesco) (ad|a) (accedere|entrare|pagare|risolvere|scaricarlo) (ora|adesso|)
        (non ho|nessun'|non ci sono|nessuna) (altre|altra|ulteriori) (domande|domanda); nient'altro; è tutto; (potete|può|puoi) chiudere (il|la|questo|pure il) (ticket|caso|pratica|richiesta|segnalazione); (problema|caso|questione) (risolto|risolta|chiuso); tutto (a posto|ok|chiaro|perfetto|bene|risolto|in ordine|sistemato); capito; ricevuto; chiarissimo; chiaro; risolto; mi (è|siete|avete) (stato|stati|stata|) (molto|) (utile|aiutato|aiutata) (molto|); proprio quello che (mi serviva|cercavo); esattamente quello che mi serviva; a posto; a posto così
    """),
    greet=_all(
        "ciao; salve; buongiorno; buonasera; buon pomeriggio; gentile; gentili; gentilissimo; gentilissima; egregio; egregi; caro; cara; cari; spettabile; buon giorno"
    ),
    sign=_all(
        "(cordiali|distinti|cari|tanti|) saluti; un saluto; un cordiale saluto; cordialmente; (buona|buon) (giornata|serata|lavoro|weekend|fine settimana|continuazione|settimana); un abbraccio; a presto; saluti cordiali"
    ),
    fill=_all("""
        mille; tante; molte; infinite; molto; tanto; davvero; veramente; ancora; ancora una volta; di nuovo; nuovamente; per; il; lo; la; l'; i; le; gli; vostro; vostra; suo; sua; tuo; tua; e; di; a; da; con; in; del; della; dell'; dello; alla; al; aiuto; l'aiuto; dell'aiuto; avermi aiutato; avermi aiutata; aiutarmi; averci aiutato; avermi risposto; aver risolto; aver risposto; aver risolto il problema; risposta; riscontro; rapidità; rapida; rapido; celere; celerità; veloce; velocità; tempestività; tempestiva; tempestivo; immediata; pronta; disponibilità; cortesia; gentilezza; pazienza; tempo; supporto; assistenza; l'assistenza; informazione; informazioni; le informazioni; l'informazione; chiarimento; chiarimenti; spiegazione; soluzione; consiglio; consigli; interessamento; l'interessamento; efficienza; l'efficienza; professionalità; servizio; lavoro; ottimo; ottima; ottimi; eccellente; perfetto; perfetta; fantastico; fantastici; fantastica; splendido; magnifico; bravissimi; bravi; bravo; brava; grandi; grande; super; top; benissimo; bene; ok; va bene; d'accordo; gentilissimi; gentilissima; gentilissimo; gentile; team; ragazzi; staff; signore; signora; siete; sono; è; stati; stato; stata; i migliori; molto contento; contento; contenta; soddisfatto; soddisfatta; felice; ora; adesso; oggi; così; tutto; tutti; tutte; vi; ti; mi; ci; di cuore; sinceramente; sentitamente; buone feste; buon natale; buon anno; altrettanto; anche a voi; anche a lei; a voi; a tutti; arrivederci; alla prossima; un; una; proprio; sempre; come sempre; preziosa; prezioso; il prezioso
    """),
    affirm=_all("sì; si; esatto; certo"),
    titles=_all("sig; sig.ra; signor; signora; dott; dottor; dottoressa"),
    before_for=("per", "e", "di", "mille"),
    asks=(
        "aiuto",
        "risposta",
        "è tutto a posto",
        "assistenza",
        "riscontro",
        "è risolto",
        "soluzione",
    ),
    never_names=_all(
        "ma; però; tuttavia; non; no; purtroppo; per favore; rimborso; fattura; ordine; annullare; annullamento; aiuto; quando; dove; cosa; come; perché; chi; quanto; problema; errore; reclamo; attendo; urgente; domanda; ancora; reso; cambio; domani; consegna; pacco; soldi; conto; nulla; niente; mai; sì; solo; sebbene; chiamatemi; prego"
    ),
)

_AR = Phrases(
    thanks=_all("""
        شكرا; شكراً; شكرا لك; شكرا لكم; شكرا جزيلا; ألف شكر; الف شكر; جزيل الشكر; مشكور; مشكورة; مشكورين; مشكورون; أشكرك; أشكركم; نشكركم; نشكرك; متشكر; متشكرة; الشكر; ممتن; ممتنة; جزاك الله خيرا; جزاكم الله خيرا; تسلم; تسلمون; يعطيك العافية; يعطيكم العافية; بارك الله فيك; بارك الله فيكم; كل الشكر; شاكر; شاكرة; شاكرين; وشكرا; خالص الشكر; يسلمو
    """),
    solved=_all("""
        (تم|لقد تم|قد تم) (حل|إصلاح|معالجة|تسوية) (المشكلة|مشكلتي|الموضوع|الأمر|الخلل|العطل|كل شيء|) (الآن|بنجاح|تماما|)
        (تم|لقد تم) (الحل|الإصلاح|الأمر|استلام الطلب|استلام الشحنة|استلام المبلغ|الاستلام|التوصيل)
        (انحلت|حلت|اتحلت|انتهت) (المشكلة|مشكلتي) (الآن|تماما|الحمد لله|); (المشكلة|الموضوع|مشكلتي) (انحلت|حلت|اتحلت|انتهت|انحل|انتهى|تم حلها|تم حله)
        (كل شيء|الحساب|التطبيق|الجهاز|الموقع|الرابط|الخدمة|الحل|الآن|) (الآن|أصبح|صار|) (يعمل|تعمل|اشتغل|اشتغلت|شغال|شغالة|نجح|نفع|تمام|على ما يرام|ممتاز|واضح) (الآن|بشكل جيد|بشكل ممتاز|جيدا|بشكل صحيح|من جديد|تماما|معي|)
        (وصل|وصلت|وصلني|وصلتني|استلمت|تسلمت) (الطلب|الطرد|الشحنة|المبلغ|الطلبية|الفاتورة|الرسالة|طلبي|شحنتي|كل شيء) (اليوم|أمس|الآن|بالفعل|); (الطلب|الطرد|الشحنة|المبلغ) (وصل|وصلت|وصلني|وصلتني) (اليوم|أمس|)
        (فهمت|واضح|مفهوم|وضحت الصورة|اتضحت الصورة|علم); (لا توجد|ليس لدي|ما عندي|لا يوجد لدي|ليست لدي) (أسئلة|أي أسئلة|استفسارات|أي استفسارات) (أخرى|); (يمكنكم|يمكنك|تقدر|ممكن) إغلاق (التذكرة|الطلب|البلاغ|الشكوى) (الآن|); (تمكنت|استطعت|قدرت) من (الدخول|تسجيل الدخول|حل المشكلة|حلها|الدفع); هذا ما (كنت أحتاجه|أحتاجه|كنت أبحث عنه) (بالضبط|تماما|); انتهى الأمر; حلت; نجحت
    """),
    greet=_all(
        "مرحبا; أهلا; السلام عليكم; السلام عليكم ورحمة الله; السلام عليكم ورحمة الله وبركاته; وعليكم السلام; صباح الخير; مساء الخير; تحية طيبة; تحية طيبة وبعد; عزيزي; عزيزتي; أعزائي; هلا; أهلا وسهلا"
    ),
    sign=_all(
        "مع (خالص|أطيب|أجمل|) (التحية|تحياتي|التحيات|التقدير|الشكر والتقدير|تحيات); (تحياتي|تحياتنا); مع التحية والتقدير; مع فائق الاحترام; مع الشكر; مع الشكر والتقدير; والسلام عليكم; والسلام; المخلص; مع السلامة; دمتم; دمتم بخير; مودتي"
    ),
    fill=_all("""
        جدا; جزيلا; كثيرا; لك; لكم; لكي; لكما; جميعا; على; عن; من; في; ب; و; يا; كل; هذا; هذه; ذلك; المساعدة; مساعدتك; مساعدتكم; مساعدتي; مساعدتنا; للمساعدة; المتابعة; متابعتكم; الرد; ردك; ردكم; ردكم السريع; السريع; السريعة; سرعة; سرعة الرد; سرعة الاستجابة; الاستجابة; استجابتكم; تجاوبكم; التجاوب; تعاونكم; تعاونك; التعاون; وقتك; وقتكم; صبرك; صبركم; جهودكم; جهودك; جهدكم; الجهد; اهتمامكم; اهتمامك; الاهتمام; الدعم; دعمكم; فريق; فريق الدعم; الفريق; خدمة; خدمة العملاء; الخدمة; خدمتكم; الخدمة الممتازة; الرائعة; الممتازة; المعلومات; المعلومة; التوضيح; توضيحكم; الشرح; النصيحة; الحل; حل; حل المشكلة; المشكلة; لحل المشكلة; على حل المشكلة; ممتاز; ممتازة; رائع; رائعة; رائعون; عظيم; تمام; جيد; جميل; حسنا; طيب; اوكي; ok; أوك; الحمد لله; الحمدلله; مرة أخرى; مجددا; من جديد; حقا; فعلا; بالفعل; من القلب; من قلبي; من كل قلبي; أنا; نحن; أنتم; أنت; سعيد; سعيدة; سعيد جدا; راض; راضية; الأفضل; أنتم الأفضل; الآن; اليوم; وفقكم الله; وفقك الله; الله يوفقكم; الله يعطيكم العافية; حفظكم الله; حفظك الله; يوم سعيد; يوما سعيدا; نهارك سعيد; أتمنى لكم; أتمنى لك; أتمنى لكم يوما سعيدا; أتمنى لك يوما سعيدا; بالتوفيق; إلى اللقاء; وداعا; أقدر; أقدر ذلك; أقدر لكم; نقدر; بكم; بك; لا شكر على واجب; والتقدير; وتقدير; التقدير; ودعمكم; ومساعدتكم; وتعاونكم; وصبركم; واهتمامكم; وسرعة; أخي; أختي; أستاذ; أستاذة; السيد; السيدة; لأنكم ساعدتموني; دائما; كالعادة; السرعة; الممتاز; الرائع; لقد; ساعدتني كثيرا; ساعدتموني كثيرا; ساعدتموني; لكم جميعا
    """),
    affirm=_all("نعم; أجل; أيوه; صحيح"),
    titles=_all("يا; أستاذ; أستاذة; السيد; السيدة; أخي; أختي; أخ; عزيزي; عزيزتي"),
    before_for=("على", "جزيلا", "لك"),
    asks=_all("هل; المساعدة; الرد; الدعم; خدمة العملاء; الحل; حل; أين; متى"),
    never_names=_all(
        "لكن; ولكن; لا; لم; ليس; ليست; ما; لن; متى; أين; كيف; لماذا; ماذا; من; هل; كم; مشكلة; المشكلة; إلغاء; استرجاع; استرداد; فاتورة; طلب; طلبي; مساعدة; ساعدوني; أرجو; الرجاء; من فضلك; عاجل; خطأ; شكوى; انتظر; أنتظر; غدا; المال; أريد; اريد; أحتاج; محتاج; بعد; حتى; إذا; غير; سؤال; نعم; اتصل; اتصلوا; ارسل"
    ),
    cased=False,
    lone_names=False,
)

_HI = Phrases(
    thanks=_all("""
        धन्यवाद; शुक्रिया; बहुत धन्यवाद; बहुत बहुत धन्यवाद; बहुत-बहुत धन्यवाद; बहुत शुक्रिया; आभार; आभारी; थैंक यू; थैंक्यू; थैंक्स; धन्यवाद जी; हार्दिक धन्यवाद; dhanyavad; dhanyawad; shukriya; मेहरबानी; thanks; thank you
    """),
    solved=_all("""
        (समस्या|मेरी समस्या|परेशानी|दिक्कत|मामला|काम|सब|सब कुछ|सबकुछ|मेरा काम|मुद्दा|यह|ये|मेरी परेशानी|मेरी दिक्कत|अब सब|अब सब कुछ|अब समस्या|अब) (अब|पूरी तरह|भी|) (हल|ठीक|सुलझ|दूर|खत्म|पूरा|सही|सॉल्व|समाधान) (हो गई|हो गया|हो गयी|हो चुकी है|हो चुका है|गई|गया|है|हो गई है|हो गया है|हो गयी है|गया है|गई है|चल रहा है|काम कर रहा है)
        (अब|यह|ये|सब|सब कुछ|ऐप|खाता|मेरा खाता|वेबसाइट|लिंक|नया लिंक|यह तरीका|आपका तरीका|आपका सुझाव|अब सब|अब सब कुछ|अब यह|अब ये|अब ऐप|) (अब|) (सही|ठीक|अच्छे|ठीक से|सही से|अच्छी तरह|अच्छे से|ठीक तरह से|) (काम कर रहा है|काम कर रही है|चल रहा है|चल रही है|काम कर गया|काम आया|चल गया|काम करने लगा|चालू हो गया|शुरू हो गया)
        (पैकेज|पार्सल|ऑर्डर|पैसे|रिफंड|सामान|बिल|मेरा ऑर्डर|मेरा पार्सल|मेरे पैसे|मेरा रिफंड|ईमेल|दस्तावेज़|कोड) (अब|आज|कल|मुझे|भी|) (मिल गया|मिल गए|मिल गया है|मिल गए हैं|आ गया|आ गए|आ गया है|वापस मिल गए|वापस आ गए|वापस मिल गया); मुझे (पैकेज|पार्सल|ऑर्डर|पैसे|रिफंड|सामान|बिल) (आज|कल|) (मिल गया|मिल गए|मिल गया है|मिल गए हैं)
        (समझ गया|समझ गई|समझ में आ गया|समझ आ गया|समझ गया हूँ|सब समझ आ गया|सब साफ हो गया|हो गया|हो गया है|मिल गया|मिल गया है); (और|मेरा|अब|मेरे|) (और|) (कोई|) (सवाल|प्रश्न) नहीं (है|हैं|); (मेरा|मेरे|अब मेरा|मुझे|अब मेरे) (और कोई|कोई और|कोई) (सवाल|प्रश्न) नहीं (है|हैं|); अब कोई (समस्या|दिक्कत|परेशानी) नहीं है; (आप|) (टिकट|शिकायत|केस|अनुरोध) बंद कर (सकते हैं|दीजिए|दें); (आपने|) (मेरी|बहुत|मेरी बहुत) मदद की; (लॉगिन|लॉग इन) हो गया; मैं (अब|) लॉग इन कर (पा रहा हूँ|पा रही हूँ|पाया); (समस्या|दिक्कत|परेशानी) (हल|दूर|ठीक) (करने के लिए|कर दी)
    """),
    greet=_all(
        "नमस्ते; नमस्कार; हैलो; हेलो; प्रिय; महोदय; महोदया; आदरणीय; श्रीमान; सर; मैडम; हाय; शुभ प्रभात; शुभ संध्या"
    ),
    sign=_all(
        "सादर; भवदीय; भवदीया; शुभकामनाएँ; शुभकामनाएं; शुभकामनाओं सहित; आपका; आपकी; शुभ दिन; शुभ रात्रि"
    ),
    fill=_all("""
        बहुत; बहुत ही; बहुत-बहुत; आपका; आपकी; आपके; आपको; आप; आप सभी; आप सब; सभी; का; की; के; को; से; में; ने; और; है; हैं; हूँ; हूं; था; थी; जी; मैं; हम; मेरी; मेरा; मुझे; हमें; हमारी; इस; इतनी; इतने; इतना; मदद; मदद के लिए; मदद करने; मदद करने के लिए; सहायता; सहायता के लिए; सहयोग; के लिए; लिए; जवाब; उत्तर; जल्दी; जल्द; तुरंत; त्वरित; तेज़; तेज; शीघ्र; जवाब देने; जवाब देने के लिए; जानकारी; जानकारी देने; समय; समय देने; धैर्य; समर्थन; समझाने; बताने; ध्यान देने; कोशिश; प्रयास; मेहनत; सेवा; काम; टीम; सपोर्ट टीम; ग्राहक सेवा; समाधान; समाधान के लिए; समस्या हल करने; समस्या सुलझाने; दिल से; तहे दिल से; सच में; वाकई; फिर से; एक बार फिर; पुनः; अच्छा; अच्छी; बढ़िया; शानदार; उत्तम; बेहतरीन; ज़बरदस्त; कमाल; लाजवाब; ठीक है; ठीक; ओके; ok; सब ठीक है; खुश; खुशी हुई; संतुष्ट; प्रसन्न; मैं बहुत खुश हूँ; अब; आज; भगवान आपका भला करे; आपका दिन शुभ हो; दिन शुभ हो; शुभ हो; भाई; सर; मैडम; साहब; अलविदा; फिर मिलेंगे; सबसे अच्छे; हो; करता हूँ; करती हूँ; करते हैं; देता हूँ; व्यक्त करता हूँ; इसके; इसके लिए; उसके लिए; वाह; तो; यह; यू; सो मच
    """),
    affirm=_all("हाँ; हां; जी हाँ; जी हां; सही"),
    titles=_all("श्री; श्रीमती; सुश्री"),
    after_name=_all("जी; भाई; सर; मैडम"),
    before_for=("के", "आपका", "आपकी"),
    asks=_all(
        "क्या; मदद; जवाब; सहायता; जानकारी; कब; मेरी मदद; मुझे जवाब; मुझे मदद; मुझे जानकारी; कहाँ; समाधान; मेरी सहायता; हमें; मेरा काम; मेरी समस्या; मुझे समाधान"
    ),
    never_names=_all(
        "लेकिन; मगर; पर; परंतु; नहीं; न; मत; कृपया; कब; कहाँ; कैसे; क्यों; क्या; कौन; कितना; समस्या; रिफंड; पैसे; ऑर्डर; रद्द; बिल; मदद; शिकायत; इंतज़ार; अभी; फिर; कल; पार्सल; खाता; सवाल; हाँ; तक; बिना; वापस; जल्दी; चाहिए; भेजें; कॉल"
    ),
    cased=False,
    lone_names=False,
)

PHRASES: dict[str, Phrases] = {
    "en": _EN,
    "ru": _RU,
    "zh": _ZH,
    "bg": _BG,
    "es": _ES,
    "de": _DE,
    "fr": _FR,
    "pt": _PT,
    "it": _IT,
    "ar": _AR,
    "hi": _HI,
}
