#pragma once

#include "look/controls.h"

class QLabel;

namespace quantscope {

class Session;

/// What the sums of the layer reach: bits declared and needed, and how they come onto the next scale. Absent for layers
/// that sum no products, and until it is known.
class AccumulatorBar : public Card {
    Q_OBJECT
public:
    explicit AccumulatorBar(Session &session, QWidget *parent = nullptr);
    void refresh();

private:
    Session &m_session;
    QLabel *m_text;
};

} // namespace quantscope
