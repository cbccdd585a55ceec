#include "pages/values/element_panel.h"

#include "export/export_array.h"
#include "export/layout.h"
#include "items/facts.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"
#include "pages/parts/bit_boxes.h"
#include "quant/code_reader.h"
#include "quant/fixed_point.h"

#include <QApplication>
#include <QBoxLayout>
#include <QClipboard>
#include <QGridLayout>
#include <QPushButton>

#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

static QGridLayout *section(QBoxLayout *column, const QString &title)
{
    column->addWidget(ruler());
    column->addWidget(titleLabel(title));
    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(3);
    grid->setColumnStretch(0, 1);
    column->addLayout(grid);
    return grid;
}

ElementPanel::ElementPanel(QWidget *parent)
    : QFrame(parent)
    , m_title(titleLabel())
    , m_bits(new BitBoxes)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    auto *header = new QHBoxLayout;
    m_title->setObjectName(u"element-title"_s);
    auto *copy = textButton(tr("Copy"), tr("Copy everything about this element"));
    connect(copy, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(text()); });
    header->addWidget(m_title, 1);
    header->addWidget(copy);
    column->addLayout(header);
    m_layouts = section(column, tr("Flat index"));
    QGridLayout *code = section(column, tr("Code"));
    m_decimal = addRow(code, tr("decimal"), u"element-decimal"_s);
    m_hex = addRow(code, tr("hex"), u"element-hex"_s);
    m_binary = addRow(code, tr("binary"), u"element-binary"_s);
    m_binaryName = qobject_cast<QLabel *>(code->itemAtPosition(2, 0)->widget());
    column->addWidget(m_bits);
    QGridLayout *value = section(column, tr("Value"));
    m_value = addRow(value, tr("value"), u"element-value"_s);
    m_valueName = qobject_cast<QLabel *>(value->itemAtPosition(0, 0)->widget());
    m_float = addRow(value, tr("float in the file"), u"element-float"_s);
    m_error = addRow(value, tr("error"), u"element-error"_s);
    m_lsb = addRow(value, tr("in LSB"), u"element-lsb"_s);
    m_second = new QWidget;
    auto *box = new QVBoxLayout(m_second);
    box->setContentsMargins(0, 0, 0, 0);
    box->setSpacing(6);
    QGridLayout *second = section(box, tr("In the second model (B)"));
    m_secondCode = addRow(second, tr("code"), u"element-second-code"_s);
    m_secondValue = addRow(second, tr("value"), u"element-second-value"_s);
    m_change = addRow(second, tr("code B − code A"), u"element-change"_s);
    column->addWidget(m_second);
    m_second->hide();
}

void ElementPanel::showSecond(ValuesModel &model, std::uint64_t flat)
{
    m_second->setVisible(model.hasSecond());
    if (!model.hasSecond())
        return;
    const Element element = model.second().element(flat);
    const auto change = model.second().change(flat);
    if (!element.known)
        return;
    const ValueForm form = model.form() == ValueForm::Float ? ValueForm::Decimal : model.form();
    m_secondCode->setText(element.hasCode ? elementText(element, model.secondFormat(), form) : u"–"_s);
    m_secondValue->setText(element.hasValue ? floatText(static_cast<double>(element.value))
            : element.hasFloat              ? storedText(element.original)
                                            : tr("not known"));
    m_change->setText(!change ? tr("not compared")
            : !change->by     ? (change->changed ? tr("changed") : tr("the same"))
                              : (*change->by > 0 ? u"+"_s : QString()) + wholeText(*change->by));
}

QLabel *ElementPanel::addRow(QGridLayout *grid, const QString &name, const QString &objectName)
{
    const int row = grid->rowCount() - (grid->count() == 0 ? 1 : 0);
    auto *value = monoLabel();
    value->setObjectName(objectName);
    value->setAlignment(Qt::AlignRight);
    value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    grid->addWidget(dimLabel(name), row, 0);
    grid->addWidget(value, row, 1);
    return value;
}

void ElementPanel::showLayouts(const SlotRef &slot, std::uint64_t flat)
{
    const quantscope::Shape &shape = slot.slot->tensor->shape;
    std::size_t used = 0;
    for (const std::string_view name : layoutNames()) {
        bool fellBack = false;
        const Layout layout = exportLayout(*slot.layer, *slot.slot, name, &fellBack);
        if (fellBack)
            continue;
        if (used == m_layoutRows.size()) {
            QLabel *value = addRow(m_layouts, {}, {});
            const int row = static_cast<int>(used);
            m_layoutRows.emplace_back(qobject_cast<QLabel *>(m_layouts->itemAtPosition(row, 0)->widget()), value);
        }
        m_layoutRows[used].first->setText(qs(name) + u" "_s + qs(layout.axisNames));
        m_layoutRows[used].second->setText(groupedText(layout.exportedIndex(flat, shape)));
        ++used;
    }
    for (std::size_t row = 0; row < m_layoutRows.size(); ++row) {
        m_layoutRows[row].first->setVisible(row < used);
        m_layoutRows[row].second->setVisible(row < used);
    }
}

void ElementPanel::showCode(const SlotRef &slot, const Element &element, const WordFormat &format)
{
    m_decimal->setText(element.hasCode ? elementText(element, format, ValueForm::Decimal) : u"–"_s);
    m_hex->setText(elementText(element, format, element.hasCode ? ValueForm::Hex : ValueForm::Float));
    m_binary->setText(element.hasCode ? elementText(element, format, ValueForm::Binary) : u"–"_s);
    m_hex->setVisible(element.hasCode);
    m_binaryName->setText(format.integerBits ? tr("binary ") + typeText(*slot.slot->quantizer) : tr("binary"));
    m_bits->setVisible(element.hasCode && !isNan(element) && format.bits <= 32);
    if (element.hasCode)
        m_bits->setCode(element.code, format.bits, format.integerBits, slot.slot->quantizer->isSigned.value_or(true));
}

/// What holds for the element's channel: the same run rule as the reader's, without reading anything.
static CodeParameters parametersAt(const SlotRef &slot, std::uint64_t flat)
{
    const CodeReader reader(*slot.slot);
    return reader.parameters(reader.runAt(flat).channel);
}

/// "(code − 9) · 0.0995".
static QString valueRule(const CodeParameters &parameters)
{
    const auto bits = fractionalBits(parameters.scale);
    const QString scale = bits ? powerOfTwoText(-*bits) : floatText(static_cast<double>(parameters.scale));
    const double zero = static_cast<double>(parameters.zeroPoint);
    const QString code
        = zero == 0 ? u"code"_s : u"(code %1 %2)"_s.arg(zero < 0 ? u"+"_s : u"−"_s, floatText(std::abs(zero)));
    return code + u" · "_s + scale;
}

void ElementPanel::showValue(const SlotRef &slot, std::uint64_t flat, const Element &element)
{
    const auto number = [](float value) { return floatText(static_cast<double>(value)); };
    // A minifloat that the file stores stands for its value; no float of it is in the file.
    const bool stored = !element.hasCode && element.hasFloat && slot.hasValues() && slot.slot->holdsCodes();
    m_value->setText(element.hasValue ? number(element.value)
            : element.hasCode         ? tr("not known")
            : stored                  ? number(element.original)
                                      : u"–"_s);
    m_float->setText(element.hasFloat && !stored ? storedText(element.original) : u"not stored"_s);
    const bool both = element.hasCode && element.hasFloat;
    m_error->setText(both ? number(element.value - element.original) : u"–"_s);
    m_value->setToolTip(element.hasCode && !element.hasValue ? plainTip(tr("The file has no scale.")) : QString());
    if (!element.hasValue) {
        m_lsb->setText(u"–"_s);
        m_valueName->setText(stored ? tr("minifloat · scale") : tr("code · scale"));
        return;
    }
    const CodeParameters parameters = parametersAt(slot, flat);
    const double scale = static_cast<double>(parameters.scale);
    m_lsb->setText(
        both && scale > 0 ? fixedText(static_cast<double>(element.value - element.original) / scale, 3) : u"–"_s);
    m_valueName->setText(valueRule(parameters));
}

void ElementPanel::show(const SlotRef &slot, std::uint64_t flat, const Element &element, const WordFormat &format)
{
    m_title->setText(qs(slot.slot->slot) + indexText(unflatten(flat, slot.slot->tensor->shape)));
    showLayouts(slot, flat);
    if (!element.known)
        return;
    showCode(slot, element, format);
    showValue(slot, flat, element);
}

QString ElementPanel::text() const
{
    QString text = m_title->text() + u"\n"_s;
    for (const auto &[name, value] : m_layoutRows)
        if (!value->isHidden())
            text += name->text() + u"\t"_s + value->text().remove(u',') + u"\n"_s; // a number for programs
    const std::pair<QString, QLabel *> rows[]
        = {{u"code"_s, m_decimal}, {u"hex"_s, m_hex}, {m_binaryName->text(), m_binary}, {m_valueName->text(), m_value},
            {u"float"_s, m_float}, {u"error"_s, m_error}, {u"error in LSB"_s, m_lsb}};
    for (const auto &[name, label] : rows)
        text += name + u"\t"_s + withHyphen(label->text()) + u"\n"_s;
    if (!m_second->isHidden())
        text += tr("code in B\t%1\nvalue in B\t%2\ncode B − code A\t%3\n")
                    .arg(withHyphen(m_secondCode->text()), withHyphen(m_secondValue->text()),
                        withHyphen(m_change->text()).remove(u','));
    return text;
}

} // namespace quantscope
