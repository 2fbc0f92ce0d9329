-- No source has delivered a document yet.
select 'marts.document is empty' as key
where not exists (select 1 from marts.document)
