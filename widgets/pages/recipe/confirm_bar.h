#pragma once

#include "network/network.h"

#include <QWidget>

#include <memory>
#include <vector>

class QLabel;
class QPushButton;

namespace quantscope {

class Session;

/// What nobody has confirmed, and how to settle it: by a person's word, or by the Python that asks the live model.
class ConfirmBar : public QWidget {
    Q_OBJECT
public:
    explicit ConfirmBar(Session &session, QWidget *parent = nullptr);
    /// The selected slots; the network is the session's. Hidden where nothing is assumed.
    void setSelection(std::vector<SlotId> selected);
    void confirmSelected();
    void confirmAll();

Q_SIGNALS:
    /// A person said that what was assumed is right.
    void confirmed();

private:
    void confirm(const std::vector<SlotId> &slots);
    void copyPython();
    void refresh();

    Session &m_session;
    QLabel *m_text;
    QPushButton *m_selected, *m_all, *m_python;
    std::vector<SlotId> m_chosen;
    std::shared_ptr<const Network> m_told; ///< the network that the last answer was about
    QString m_answer;
};

} // namespace quantscope
