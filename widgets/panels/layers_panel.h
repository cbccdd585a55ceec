#pragma once

#include "items/layer_model.h"
#include "items/layer_proxy.h"

#include <QWidget>

class QMenu;
class QTableView;

namespace quantscope {

class FileHeader;
class LayerTable;
class ListNote;
class Session;

/// The map of the file: what it is, how big, whose recipe, and every layer; flat, or as the tree that the names are.
class LayersPanel : public QWidget {
    Q_OBJECT
public:
    explicit LayersPanel(Session &session, QWidget *parent = nullptr);
    ~LayersPanel() override;
    LayerModel *model() { return &m_model; }
    QTableView *table();
    /// The reason why a term of a filter cannot be used and is left out, or empty.
    QString setFilter(const QString &text);
    /// Selects the next (1) or previous (-1) layer of the list, which is unfolded where it is folded away.
    void step(int by);
    /// Whether that skips what has no weights; the choice is kept.
    void setStepsWeights(bool weightsOnly);
    bool stepsWeights() const { return m_weightsOnly; }
    /// What the flow has between the layers is listed too; the choice is kept.
    void showOperators(bool shown);
    bool showsOperators() const { return m_model.showsOperators(); }
    /// The choice is kept, for all models; until somebody chooses, networks of many layers are trees.
    void showTree(bool tree);
    bool showsTree() const { return m_proxy.outline().isTree(); }
    bool hasBranches() const { return m_proxy.outline().tree().hasBranches(); } ///< the names have, flat or not
    void unfoldAll(bool unfolded);

Q_SIGNALS:
    void filterRequested(const QString &text); ///< empty: none
    void treeChanged(); ///< other names, or a tree instead of a flat list

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void setUpLayers();
    void connectRows();
    void onLanes();
    void onSorted(int column, Qt::SortOrder order);
    void refit();
    void showProposed();
    void onNetwork();
    void onSelection();
    void showSelection();
    void pushSelection(const QItemSelection &now, const QItemSelection &gone);
    void updateNote(const QString &wrong);
    void chooseTree();
    void keepFolding() const;
    void restoreFolding();
    void popUpTreeMenu(const QPoint &at, int row);

    Session &m_session;
    LayerModel m_model;
    LayerProxy m_proxy;
    FileHeader *m_header;
    ListNote *m_note;
    LayerTable *m_table;
    QString m_path; ///< of the model whose layers are listed
    QStringList m_selected; ///< that was shown last
    bool m_weightsOnly = false;
    bool m_following = false; ///< what the session has selected is shown
    bool m_pushing = false; ///< what is selected here is handed to the session
    bool m_lanesAwaited = false;
};

} // namespace quantscope
