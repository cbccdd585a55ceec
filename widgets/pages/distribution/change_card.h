#pragma once

#include "look/controls.h"

namespace quantscope {

class ChangeChart;
class Page;

/// How far the codes of the tensor that is shown went in a second model. Hidden without one, and where none changed.
class ChangeCard : public Card {
    Q_OBJECT
public:
    explicit ChangeCard(Page &page);

private:
    void refresh();

    Page &m_page;
    QLabel *m_text;
    ChangeChart *m_chart;
};

} // namespace quantscope
