#pragma once

#include "items/facts.h"
#include "look/controls.h"

#include <array>
#include <vector>

class QGridLayout;
class QPushButton;

namespace quantscope {

/// One quantizer: every field with where it comes from, and the formula with this layer's numbers. Labels are reused
/// when another layer is shown.
class QuantizerCard : public Card {
    Q_OBJECT
public:
    explicit QuantizerCard(const QString &role, QWidget *parent = nullptr);
    /// `layer` names the layer where it is not the shown one.
    void setFacts(const SlotFacts &facts, const QString &layer, bool canChoose);
    /// What its labels, values and words need, and what all cards of a page give them, so that they stand in line.
    std::array<int, 3> neededWidths() const;
    void setWidths(const std::array<int, 3> &widths);
    /// What a second model has there: its type and scale, then what differs; empty without one.
    void setSecond(const QString &text);

Q_SIGNALS:
    void choosePreset(QWidget *at);
    void overrideField(QWidget *at);
    void confirmed();
    void pythonWanted();

private:
    QWidget *makeSettle();
    void setRow(std::size_t row, const Fact &fact);

    struct Row {
        QLabel *label, *value, *word, *detail;
    };
    QString m_role;
    QLabel *m_title;
    ElidedLabel *m_subtitle;
    QLabel *m_type;
    QGridLayout *m_grid;
    std::vector<Row> m_rows;
    QLabel *m_assumed, *m_wrong;
    QPushButton *m_choose, *m_confirm, *m_python, *m_override;
    QWidget *m_settle; ///< what can be done about an assumed quantizer
    QFrame *m_formulaBox;
    QLabel *m_second;
    QLabel *m_formula;
};

} // namespace quantscope
