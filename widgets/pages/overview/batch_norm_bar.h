#pragma once

#include "look/controls.h"

class QLabel;
class QPushButton;

namespace quantscope {

class Session;

/// Says that a batch norm follows the layer and offers its weights with it merged; absent where none follows.
class BatchNormBar : public Card {
    Q_OBJECT
public:
    explicit BatchNormBar(Session &session, QWidget *parent = nullptr);
    void refresh();

private:
    void toggle(bool all);

    Session &m_session;
    QLabel *m_text;
    QPushButton *m_one, *m_all;
};

} // namespace quantscope
