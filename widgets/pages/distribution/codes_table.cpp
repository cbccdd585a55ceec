#include "pages/distribution/codes_table.h"

#include "items/text.h"
#include "look/theme.h"
#include "pages/parts/values_view.h"

#include <QBoxLayout>
#include <QHeaderView>

using namespace Qt::StringLiterals;

namespace quantscope {

CodesTable::CodesTable(QWidget *parent)
    : Card(parent)
    , m_forms(new Segmented(tr("Form of the codes"), this))
    , m_note(new ElidedLabel(Qt::ElideRight))
{
    auto *header = new QHBoxLayout;
    header->setSpacing(8);
    header->addWidget(titleLabel(tr("Codes")));
    m_forms->setItems({tr("dec"), tr("hex + bin"), tr("float")});
    m_forms->setCurrent(1);
    header->addWidget(m_forms);
    m_note->setForegroundRole(QPalette::PlaceholderText);
    m_note->setAlignment(Qt::AlignRight);
    header->addWidget(m_note, 1);
    box()->addLayout(header);
    m_model.setForm(ValueForm::HexBinary);
    m_view = new ValuesView(&m_model, this);
    box()->addWidget(m_view, 1);
    connect(m_forms, &Segmented::selected, this, [this](int form) {
        static constexpr ValueForm kForms[] = {ValueForm::Decimal, ValueForm::HexBinary, ValueForm::Float};
        m_model.setForm(kForms[form]);
        m_view->fitColumns();
    });
}

/// Also of a point that lies outside the word.
static QString pointText(int integerBits, int bits)
{
    const int away = integerBits < 0 ? -integerBits : integerBits - bits;
    if (integerBits >= 0 && away <= 0)
        return CodesTable::tr("binary point after %1 of %2 bits").arg(integerBits).arg(bits);
    return (integerBits < 0 ? CodesTable::tr("binary point %1 before the %2 of the word")
                            : CodesTable::tr("binary point %1 behind the %2 of the word"))
        .arg(countText(static_cast<std::uint64_t>(away), CodesTable::tr("bit")))
        .arg(bits);
}

QString CodesTable::noteFor(const SlotRef &slot) const
{
    const Slice &slice = m_model.slice();
    QStringList parts;
    for (std::size_t axis = 0; axis < slice.rank(); ++axis)
        if (slice.role(axis) == Slice::Role::Fixed)
            parts << u"%1 = %2 of %3"_s.arg(slice.names()[axis]).arg(slice.fixed(axis)).arg(slice.shape()[axis]);
    if (slot.hasCodes() && slot.slot->quantizer->isSigned.value_or(true))
        parts << tr("two’s complement");
    const WordFormat &format = m_model.format();
    if (format.integerBits)
        parts << pointText(*format.integerBits, format.bits);
    parts << tr("showing %1 of %2").arg(groupedText(slice.shown()), groupedText(slice.total()));
    return parts.join(u" · "_s);
}

void CodesTable::setSlot(const SlotRef &slot)
{
    if (m_model.slot() == slot)
        return;
    m_model.setSlot(slot);
    if (!slot.readable())
        return;
    if (m_model.slice().rank()
        == 4) { // a kernel's rows below each other, inputs side by side, as the drawing of a filter
        Slice slice = m_model.slice();
        slice.setRole(2, Slice::Role::Rows);
        slice.setRole(1, Slice::Role::Columns);
        m_model.setSlice(slice);
    }
    m_forms->setEnabled(slot.hasCodes());
    m_note->setFullText(noteFor(slot));
}

} // namespace quantscope
