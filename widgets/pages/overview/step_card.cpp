#include "pages/overview/step_card.h"

#include "items/text.h"
#include "items/values_model.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/parts/bit_boxes.h"
#include "quant/fixed_point.h"

#include <QBoxLayout>
#include <QLineEdit>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

enum FigureAt { FloatAt, DividedAt, RoundedAt, CodeAt, HexAt, BinaryAt, ValueAt, ErrorAt, FigureCount };

StepCard::StepCard(QWidget *parent)
    : Card(parent)
    , m_slotName(dimLabel())
    , m_index(new QLineEdit)
    , m_choice(new Segmented(tr("Element")))
    , m_note(new ElidedLabel(Qt::ElideRight))
    , m_figures(new QWidget)
    , m_bits(new BitBoxes)
    , m_sum(new ElidedLabel(Qt::ElideRight))
{
    auto *header = new QWidget;
    auto *line = new FlowLayout(header, 8);
    m_choice->setItems({tr("first"), tr("largest |w|"), tr("largest error")});
    for (QWidget *widget : {static_cast<QWidget *>(titleLabel(tr("One weight, step by step"))),
             static_cast<QWidget *>(m_slotName), static_cast<QWidget *>(m_index), static_cast<QWidget *>(m_choice)})
        line->addWidget(widget);
    box()->addWidget(header);
    m_index->setFont(Theme::mono());
    m_index->setFixedWidth(150);
    m_index->setObjectName(u"step-index"_s);
    setAccessible(
        m_index, tr("Index of the element"), tr("an index such as [4, 12, 0, 1] or a flat position such as 685"));
    auto *flow = new FlowLayout(m_figures, 4);
    Q_UNUSED(flow);
    static const char *const kIds[FigureCount]
        = {"float", "divided", "rounded", "code", "hex", "binary", "value", "error"};
    for (const char *id : kIds)
        addFigure({}, u"step-"_s + QLatin1String(id), {});
    box()->addWidget(m_figures);
    auto *bits = new QHBoxLayout;
    m_bits->setWeightsAbove(true);
    bits->addWidget(m_bits);
    bits->addWidget(m_sum);
    bits->addSpacing(12);
    bits->addStretch(1);
    bits->addWidget(m_note);
    box()->addLayout(bits);
    m_sum->setObjectName(u"step-sum"_s);
    m_sum->setFont(Theme::mono());
    m_note->setForegroundRole(QPalette::PlaceholderText);
    connect(m_choice, &Segmented::selected, this, &StepCard::chooseElement);
    connect(m_index, &QLineEdit::editingFinished, this, [this] { goTo(m_index->text()); });
}

void StepCard::addFigure(const QString &name, const QString &objectName, const QString &tip)
{
    if (!m_frames.empty()) {
        m_arrows.push_back(dimLabel(u"→"_s));
        m_figures->layout()->addWidget(m_arrows.back());
    }
    auto *frame = new QFrame;
    frame->setProperty("chip", true);
    frame->setToolTip(tip);
    auto *column = new QVBoxLayout(frame);
    column->setContentsMargins(7, 5, 7, 5);
    column->setSpacing(1);
    m_names.push_back(dimLabel(name));
    m_names.back()->setFont(Theme::sans(0.85));
    m_values.push_back(monoLabel());
    m_values.back()->setFont(Theme::mono(0.95, true));
    m_values.back()->setObjectName(objectName);
    column->addWidget(m_names.back());
    column->addWidget(m_values.back());
    m_frames.push_back(frame);
    m_figures->layout()->addWidget(frame);
}

void StepCard::setFigure(int at, const QString &name, const QString &value)
{
    const auto i = static_cast<std::size_t>(at);
    m_names[i]->setText(name);
    m_values[i]->setText(value);
    m_frames[i]->setVisible(!value.isEmpty());
    const auto before = m_frames.begin() + at;
    if (i > 0) // the first figure that is shown has none: a file of codes has no float weight to start from
        m_arrows[i - 1]->setVisible(!value.isEmpty()
            && std::any_of(m_frames.begin(), before, [](const QWidget *frame) { return !frame->isHidden(); }));
}

void StepCard::setSlot(const SlotRef &slot)
{
    setVisible(slot.hasCodes() && slot.count() > 0);
    if (m_slot == slot)
        return;
    m_slot = slot;
    m_searching.cancel();
    if (!isHidden()) {
        m_slotName->setText(qs(slot.slot->slot));
        m_choice->setCurrent(0);
        load(0);
    }
}

void StepCard::chooseElement(int choice)
{
    if (choice == 0)
        return load(0);
    m_note->setFullText(tr("searching…"));
    m_searching.start([slot = m_slot](const Progress &progress) { return findExtremes(slot, progress); },
        [this, choice](Result<Extremes> found) {
            if (!found)
                return m_note->setFullText(qs(found.error().message));
            load(choice == 1 ? found->largest : found->largestError);
        });
}

void StepCard::goTo(const QString &text)
{
    if (!m_slot)
        return;
    const auto index = parseIndex(text, m_slot.slot->tensor->shape);
    setWrong(m_index, !index, tr("outside the tensor"));
    if (index)
        load(flatIndex(*index, m_slot.slot->tensor->shape));
}

void StepCard::load(std::uint64_t flat)
{
    m_loading.start([slot = m_slot, flat](const Progress &) -> Result<Step> { return stepAt(slot, flat); },
        [this](Result<Step> step) {
            if (step)
                show(*step);
            else
                m_note->setFullText(qs(step.error().message));
        });
}

static QString scaleWord(float scale)
{
    const auto bits = fractionalBits(scale);
    return bits ? powerOfTwoText(-*bits) : floatText(static_cast<double>(scale));
}

static QString roundingText(Rounding rounding)
{
    return rounding == Rounding::Round ? u"round half even"_s : qs(roundingName(rounding)).toLower();
}

void StepCard::show(const Step &step)
{
    const Quantizer &quantizer = *m_slot.slot->quantizer;
    const WordFormat format = wordFormat(*m_slot.slot);
    const CodeRange range = codeRange(quantizer);
    const auto number = [](float value) { return floatText(static_cast<double>(value)); };
    const auto when = [](bool shown, const QString &text) { return shown ? text : QString(); };
    m_index->setText(indexText(unflatten(step.flat, m_slot.slot->tensor->shape)));
    setWrong(m_index, false);
    const QString zero = step.parameters.zeroPoint == 0 ? QString() : u" + "_s + number(step.parameters.zeroPoint);
    const QString clip = range.min == -range.max ? u"±"_s + QString::number(range.max)
                                                 : QString::number(range.min) + u" … "_s + QString::number(range.max);
    setFigure(FloatAt, tr("float weight"), when(step.hasFloat, number(step.original)));
    setFigure(DividedAt, u"÷ "_s + scaleWord(step.parameters.divisor) + zero,
        when(step.hasFloat && quantizer.kind == QuantizerKind::Affine, number(step.divided)));
    setFigure(RoundedAt, roundingText(step.parameters.rounding),
        when(step.hasFloat && quantizer.kind == QuantizerKind::Affine, number(step.rounded)));
    setFigure(CodeAt, tr("code, clip ") + clip, QString::number(step.code));
    setFigure(HexAt, tr("hex"), qs(hexWord(step.code, format.bits)));
    setFigure(BinaryAt, tr("binary"),
        format.integerBits ? qs(binaryWord(step.code, format.bits, *format.integerBits))
                           : qs(binaryDigits(step.code, format.bits)));
    const QString factor = step.parameters.zeroPoint == 0
        ? tr("code · ")
        : tr("(code − ") + number(step.parameters.zeroPoint) + u") · "_s;
    setFigure(ValueAt, factor + scaleWord(step.parameters.scale), number(step.value));
    const float error = step.value - step.original;
    setFigure(ErrorAt, tr("error"), when(step.hasFloat, number(error)));
    m_note->setFullText(step.hasFloat && step.parameters.scale > 0
            ? tr("error = value − float: %1 LSB")
                  .arg(QString::number(std::abs(static_cast<double>(error / step.parameters.scale)), 'f', 2))
            : QString());
    const bool isSigned = quantizer.isSigned.value_or(true);
    m_bits->setCode(step.code, format.bits, format.integerBits, isSigned);
    m_sum->setFullText(
        format.integerBits ? bitSumText(step.code, format.bits, *format.integerBits, isSigned) : QString());
    m_figures->layout()->invalidate();
    m_figures->updateGeometry();
}

} // namespace quantscope
