#pragma once

#include <QComboBox>

namespace quantscope {

class Session;

/// What the model is made for; kept for each model.
class TargetChoice : public QComboBox {
    Q_OBJECT
public:
    explicit TargetChoice(Session &session, QWidget *parent = nullptr);

private:
    void onChanged();

    Session &m_session;
};

} // namespace quantscope
