#pragma once

#include "look/names.h"

namespace quantscope {

class Session;

/// Name and facts of the selection above the pages, and which slot they show.
class LayerHeader : public QWidget {
    Q_OBJECT
public:
    explicit LayerHeader(Session &session, QWidget *parent = nullptr);

private:
    void refresh();
    QString describe() const;

    Session &m_session;
    NameLabel *m_name;
    ElidedLabel *m_facts;
    Segmented *m_slots;
    QStringList m_slotNames;
};

} // namespace quantscope
