#include "pages/overview/step_card.h"

#include "items/text.h"
#include "items/values_model.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/parts/bit_boxes.h"

#include <QBoxLayout>
#include <QLineEdit>

using namespace Qt::StringLiterals;

namespace quantscope {

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

/// A field that goes with the focus says that its editing is finished, to a card that is half gone.
StepCard::~StepCard() { m_index->disconnect(this); }

void StepCard::addFigure()
{
    if (!m_frames.empty()) {
        m_arrows.push_back(dimLabel(u"→"_s));
        m_figures->layout()->addWidget(m_arrows.back());
    }
    auto *frame = new QFrame;
    frame->setProperty("chip", true);
    auto *column = new QVBoxLayout(frame);
    column->setContentsMargins(7, 5, 7, 5);
    column->setSpacing(1);
    m_names.push_back(dimLabel());
    m_names.back()->setFont(Theme::sans(0.85));
    m_values.push_back(monoLabel());
    m_values.back()->setFont(Theme::mono(0.95, true));
    column->addWidget(m_names.back());
    column->addWidget(m_values.back());
    m_frames.push_back(frame);
    m_figures->layout()->addWidget(frame);
}

void StepCard::setFigures(const std::vector<StepFigure> &figures)
{
    while (m_frames.size() < figures.size())
        addFigure();
    for (std::size_t i = 0; i < m_frames.size(); ++i) {
        const bool shown = i < figures.size();
        m_frames[i]->setVisible(shown);
        if (i > 0)
            m_arrows[i - 1]->setVisible(shown);
        m_values[i]->setObjectName(shown ? u"step-"_s + figures[i].id : QString());
        m_names[i]->setText(shown ? figures[i].name : QString());
        m_values[i]->setText(shown ? figures[i].value : QString());
    }
    m_figures->layout()->invalidate();
    m_figures->updateGeometry();
}

void StepCard::setSlot(const SlotRef &slot)
{
    setVisible(slot && slot.slot->hasValues() && slot.count() > 0);
    if (m_slot == slot)
        return;
    m_slot = slot;
    m_searching.cancel();
    m_loading.cancel();
    if (isHidden())
        return;
    m_slotName->setText(qs(slot.slot->slot));
    if (auto place = tensorPlace(slot); place != m_shownPlace) {
        m_shownPlace = std::move(place);
        m_choice->setCurrent(0);
        m_flat = 0;
    }
    if (m_choice->current() > 0) // another quantizer may have its largest error elsewhere
        chooseElement(m_choice->current());
    else
        load(m_flat);
}

void StepCard::chooseElement(int choice)
{
    m_searching.cancel();
    if (choice == 0)
        return load(0);
    m_note->setFullText(tr("searching…"));
    m_searching.start([slot = m_slot](const Progress &progress) { return findExtremes(*slot.slot, progress); },
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
    if (!index)
        return;
    m_searching.cancel();
    m_choice->setCurrent(-1); // it is none of those
    load(flatIndex(*index, m_slot.slot->tensor->shape));
}

void StepCard::load(std::uint64_t flat)
{
    m_flat = flat;
    m_loading.start([slot = m_slot, flat](const Progress &) { return elementSteps(*slot.slot, flat); },
        [this, slot = m_slot](Result<ElementSteps> steps) {
            if (steps)
                showSteps(slot, *steps);
            else
                showNoSteps(qs(steps.error().message));
        });
}

/// No figure stays of an element that was shown before.
void StepCard::showNoSteps(const QString &reason)
{
    setFigures({});
    m_sum->setFullText({});
    m_bits->setCode(0, 0, std::nullopt, false);
    m_note->setFullText(reason);
}

void StepCard::showSteps(const SlotRef &ref, const ElementSteps &steps)
{
    const SlotQuantizer &slot = *ref.slot;
    const WordFormat format = wordFormat(slot);
    m_index->setText(indexText(unflatten(steps.element, slot.tensor->shape)));
    setWrong(m_index, false);
    setFigures(stepFigures(slot, steps));
    m_note->setFullText(stepErrorText(slot, steps));
    const bool isSigned = slot.quantizer->isSigned.value_or(true);
    m_bits->setCode(steps.code, format.bits, format.integerBits, isSigned);
    m_sum->setFullText(
        format.integerBits ? bitSumText(steps.code, format.bits, *format.integerBits, isSigned) : QString());
}

} // namespace quantscope
