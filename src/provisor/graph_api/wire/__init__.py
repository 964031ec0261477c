"""Wire shapes, one file a noun: admin values to Graph's documents, and bodies to what verbs take. No verb is called."""
