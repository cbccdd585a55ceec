#include "pages/overview/step_card.h"
#include "support.h"
#include "support/memory_slot.h"

#include <QLabel>

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

Granular one(float value) { return {{}, {}, {value}}; }
SlotRef refOf(SlotQuantizer slot)
{
    auto network = std::make_shared<Network>();
    slot.shape = slot.tensor->shape;
    Layer layer;
    layer.name = "fc";
    layer.kind = "Linear";
    layer.slots.push_back(std::move(slot));
    network->add(std::move(layer));
    return slotRef(network, "fc", Slot::Weight);
}
/// "float weight 2.75 → ÷ 2⁻¹ 5.5 → ...".
QString shown(const QWidget &card)
{
    QStringList texts;
    for (const QLabel *value : card.findChildren<QLabel *>(QRegularExpression(u"^step-(?!sum)"_s))) {
        const QLabel *name = value->parentWidget()->findChild<QLabel *>(QString(), Qt::FindDirectChildrenOnly);
        texts << name->text() + u' ' + value->text();
    }
    return texts.join(u" → "_s);
}

} // namespace

/// The card shows the operations of the quantizer's own definition.
class StepCardTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { test::failOnWarnings(); }

    /// Worked by hand, as in the test of the steps themselves.
    void steps_data()
    {
        QTest::addColumn<SlotQuantizer>("slot");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, float w, const Quantizer &q, const QString &text) {
            QTest::newRow(name) << test::slotOf({w}, {1}, q) << text;
        };
        const QString tail = u" → code · 2⁻¹ %1 → error %2"_s;
        Quantizer q = test::affine(8, true, false, one(0.5f));
        row("plain", 2.75f, q,
            u"float weight 2.75 → ÷ 2⁻¹ 5.5 → round half even 6 → code, clip −128 … 127 6 → hex 0x06 → "
            "binary 0000011.0"_s
                + tail.arg(u"3"_s, u"0.25"_s));
        q.shift = one(-1.25f);
        row("zero-centring shift", 2.75f, q,
            u"float weight 2.75 → ÷ 2⁻¹ + −1.25 4.25 → round half even 4 → code, clip −128 … 127 4 → hex 0x04 → "
            "binary 0000010.0"_s
                + tail.arg(u"2"_s, u"−0.75"_s));
        q.shift.reset();
        q.rounding = Rounding::LearnedRound;
        q.learnedRounding = floatTensor("p", {1}, std::vector{0.75f});
        row("learned rounding", 2.75f, q,
            u"float weight 2.75 → ÷ 2⁻¹ 5.5 → floor 5 → learned 0.75: + 1 6 → code, clip −128 … 127 6 → hex 0x06 → "
            "binary 0000011.0"_s
                + tail.arg(u"3"_s, u"0.25"_s));
        q.learnedDecision.rule = LearnedDecision::Rule::Identity;
        row("learned offset", 2.75f, q,
            u"float weight 2.75 → ÷ 2⁻¹ 5.5 → learned 0.75: + 0.5 6 → round half even 6 → code, clip −128 … 127 6 → "
            "hex 0x06 → binary 0000011.0"_s
                + tail.arg(u"3"_s, u"0.25"_s));
        q = test::affine(8, true, false, one(0.00214854861f), one(2));
        q.rule = CodeRule::ReciprocalRoundAdd;
        row("times the reciprocal, zero point after rounding", -0.273939937f, q,
            u"float weight −0.27393994 → · (1 ÷ 0.0021485486) −127.5 → round half even −128 → + 2 −126 → "
            "code, clip −128 … 127 −126 → hex 0x82 → binary 10000010 → (code − 2) · 0.0021485486 −0.27501422 → "
            "error −0.0010742843"_s);
        q = test::affine(2, true, true, one(0.5f));
        q.kind = QuantizerKind::Ternary;
        q.rule = CodeRule::TernaryThreshold;
        row("ternary", -0.3f, q,
            u"float weight −0.3 → |w| > 0.25 yes → code, clip ±1 −1 → hex 0x3 → binary 1.1 → code · 2⁻¹ −0.5 → "
            "error −0.19999999"_s);
        q = test::affine(8, true, false, one(0.5f));
        q.kind = QuantizerKind::Minifloat;
        q.rule = CodeRule::MinifloatPattern;
        q.minifloat = {4, 3};
        row("minifloat", 0.55f, q,
            u"float weight 0.55 → ÷ 2⁻¹ 1.1 → code, e4m3 57 → hex 0x39 → binary 00111001 → decoded 1.125 → "
            "decoded · 2⁻¹ 0.5625 → error 0.012499988"_s);
    }
    void steps()
    {
        QFETCH(SlotQuantizer, slot);
        StepCard card;
        card.setSlot(refOf(slot));
        QTRY_VERIFY(!shown(card).isEmpty());
        QTEST(shown(card), "text");
    }

    void codesOfTheFileHaveNoStepsBefore()
    {
        Quantizer q = test::affine(4, true, false, one(0.25f));
        q.rule = CodeRule::Stored;
        SlotQuantizer slot = test::slotOf({}, {2}, q);
        slot.tensor
            = memoryTensor("w", DType::Int8, {2}, std::span<const std::int8_t>(std::vector<std::int8_t>{-3, 20}));
        StepCard card;
        card.setSlot(refOf(slot));
        QTRY_COMPARE(shown(card), u"code, clip −8 … 7 −3 → hex 0xD → binary 11.01 → code · 2⁻² −0.75"_s);
    }

    /// What the figures of one slot were is gone with it.
    void figuresFollowTheSlot()
    {
        Quantizer q = test::affine(8, true, false, one(0.5f), one(3));
        q.rule = CodeRule::DivideRoundAdd;
        StepCard card;
        card.setSlot(refOf(test::slotOf({2.75f}, {1}, q)));
        QTRY_VERIFY(card.findChild<QLabel *>(u"step-zero-point"_s));
        q.zeroPoint = one(0);
        card.setSlot(refOf(test::slotOf({2.75f}, {1}, q)));
        QTRY_VERIFY(!card.findChild<QLabel *>(u"step-zero-point"_s));
        int visible = 0;
        for (const QLabel *value : card.findChildren<QLabel *>(QRegularExpression(u"^step-(?!sum)"_s)))
            visible += value->isVisibleTo(&card) ? 1 : 0;
        QCOMPARE(visible, 8);
    }
};

QTEST_MAIN(StepCardTest)
#include "tst_step_card.moc"
