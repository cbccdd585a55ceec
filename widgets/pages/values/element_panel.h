#pragma once

#include "items/values_model.h"

#include <QFrame>

class QGridLayout;
class QLabel;

namespace quantscope {

class BitBoxes;

/// One element in every form: flat indices in every layout, its code, its value and its error.
class ElementPanel : public QFrame {
    Q_OBJECT
public:
    explicit ElementPanel(QWidget *parent = nullptr);
    void show(const SlotRef &slot, std::uint64_t flat, const Element &element, const WordFormat &format);
    /// What a second model has there; nothing is shown without one.
    void showSecond(ValuesModel &model, std::uint64_t flat);
    /// Everything as text, for the clipboard.
    QString text() const;

private:
    QLabel *addRow(QGridLayout *grid, const QString &name, const QString &objectName);
    void showLayouts(const SlotRef &slot, std::uint64_t flat);
    void showCode(const SlotRef &slot, const Element &element, const WordFormat &format);
    void showValue(const SlotRef &slot, std::uint64_t flat, const Element &element);

    QLabel *m_title;
    QGridLayout *m_layouts;
    std::vector<std::pair<QLabel *, QLabel *>> m_layoutRows;
    QLabel *m_decimal, *m_hex, *m_binary, *m_value, *m_float, *m_error, *m_lsb;
    QLabel *m_binaryName = nullptr, *m_valueName = nullptr;
    QWidget *m_second; ///< what a second model has there
    QLabel *m_secondCode, *m_secondValue, *m_change;
    BitBoxes *m_bits;
};

} // namespace quantscope
