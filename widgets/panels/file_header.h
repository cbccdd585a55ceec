#pragma once

#include "look/controls.h"

#include <QComboBox>

namespace quantscope {

class LayerModel;
class Session;

/// What the file is, how big, whose recipe, and which part of it is shown.
class FileHeader : public QFrame {
    Q_OBJECT
public:
    explicit FileHeader(Session &session, QWidget *parent = nullptr);
    /// Of the session's network, whose layers those are.
    void update(const LayerModel &layers);

private:
    void makePartChoice();
    void updateParts();
    void updateRecipe();

    Session &m_session;
    ElidedLabel *m_file;
    ElidedLabel *m_dialect;
    QLabel *m_weights, *m_bits, *m_recipe;
    QComboBox *m_part;
    QWidget *m_partBox;
};

} // namespace quantscope
