#pragma once

#include <QFrame>

class QLineEdit;
class QPushButton;

namespace quantscope {

/// Open, Recipe, Compare, Export, and the filter.
class TopBar : public QFrame {
    Q_OBJECT
public:
    explicit TopBar(QWidget *parent = nullptr);
    QPushButton *open() const { return m_open; }
    QPushButton *recipe() const { return m_recipe; }
    QPushButton *compare() const { return m_compare; }
    QPushButton *exportLayers() const { return m_export; }
    QLineEdit *filter() const { return m_filter; }
    /// Beside the filter.
    void add(QWidget *tool);
    /// Which buttons the present state has: no dead ones.
    void setModelOpen(bool open);

private:
    QPushButton *m_open, *m_recipe, *m_compare, *m_export;
    QLineEdit *m_filter;
};

} // namespace quantscope
